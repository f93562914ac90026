#!/bin/sh
# Prints a user token signed with nothing but openssl: sign-with-openssl.sh KEY_FILE SUB
set -eu
key_file=$1
sub=$2

encode() {
    openssl base64 -A | tr '+/' '-_' | tr -d '='
}

now=$(date +%s)
header=$(printf '{"alg":"RS256","typ":"JWT"}' | encode)
claims=$(printf '{"sub":"%s","iat":%s,"exp":%s}' "$sub" "$now" $((now + 3600)) | encode)
signature=$(printf '%s.%s' "$header" "$claims" | openssl dgst -sha256 -sign "$key_file" -binary | encode)
printf '%s.%s.%s\n' "$header" "$claims" "$signature"
