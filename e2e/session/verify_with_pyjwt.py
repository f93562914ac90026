"""Prints the claims of the token on standard input: KEY_SET_URL AUDIENCE."""

import json
import sys

import jwt

key_set, audience = sys.argv[1:]
token = sys.stdin.read().strip()
key = jwt.PyJWKClient(key_set).get_signing_key_from_jwt(token)
print(json.dumps(jwt.decode(token, key.key, algorithms=["RS256"], audience=audience)))
