#!/bin/sh
# sh user-token.sh user-1
set -eu
user=$1

case $user in
    '' | *[!A-Za-z0-9._@:\|-]*) echo 'this script takes plain ids only' >&2; exit 2 ;;
esac

encode() {
    openssl base64 -A | tr '+/' '-_' | tr -d '='
}

now=$(date +%s)
header=$(printf '{"alg":"RS256","typ":"JWT"}' | encode)
claims=$(printf '{"sub":"%s","aud":"%s","iat":%s,"exp":%s}' \
    "$user" '{{audience}}' "$now" $((now + 3600)) | encode)
signature=$(printf '%s.%s' "$header" "$claims" \
    | openssl dgst -sha256 -sign "$HALLPASS_SIGNING_KEY_FILE" -binary | encode)
printf '%s.%s.%s\n' "$header" "$claims" "$signature"
