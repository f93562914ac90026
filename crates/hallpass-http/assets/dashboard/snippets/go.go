// go get github.com/golang-jwt/jwt/v5
package main

import (
	"fmt"
	"log"
	"os"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func userToken(userID string, privateKeyPEM []byte) (string, error) {
	key, err := jwt.ParseRSAPrivateKeyFromPEM(privateKeyPEM)
	if err != nil {
		return "", err
	}
	now := time.Now().Unix()
	claims := jwt.MapClaims{"sub": userID, "aud": "{{audience}}", "iat": now, "exp": now + 3600}
	return jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(key)
}

func main() {
	pem, err := os.ReadFile(os.Getenv("HALLPASS_SIGNING_KEY_FILE"))
	if err != nil {
		log.Fatal(err)
	}
	token, err := userToken(os.Args[1], pem)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token)
}
