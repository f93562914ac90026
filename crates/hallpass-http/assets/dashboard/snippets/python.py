# pip install "pyjwt[crypto]"
import os
import sys
import time

import jwt

with open(os.environ["HALLPASS_SIGNING_KEY_FILE"], encoding="ascii") as file:
    PRIVATE_KEY = file.read()


def user_token(user_id):
    now = int(time.time())
    claims = {"sub": user_id, "aud": "{{audience}}", "iat": now, "exp": now + 3600}
    return jwt.encode(claims, PRIVATE_KEY, algorithm="RS256")


if __name__ == "__main__":
    print(user_token(sys.argv[1]))
