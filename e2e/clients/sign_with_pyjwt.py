"""Prints a user token signed with PyJWT: sign_with_pyjwt.py KEY_FILE SUB"""

import sys
import time

import jwt

key_file, sub = sys.argv[1:]
now = int(time.time())
with open(key_file, encoding="ascii") as file:
    print(jwt.encode({"sub": sub, "iat": now, "exp": now + 3600}, file.read(), algorithm="RS256"))
