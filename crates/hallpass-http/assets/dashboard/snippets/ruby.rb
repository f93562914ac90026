# gem install jwt
require 'jwt'
require 'openssl'

PRIVATE_KEY = OpenSSL::PKey::RSA.new(File.read(ENV.fetch('HALLPASS_SIGNING_KEY_FILE')))

def user_token(user_id)
  now = Time.now.to_i
  claims = { sub: user_id, aud: '{{audience}}', iat: now, exp: now + 3600 }
  JWT.encode(claims, PRIVATE_KEY, 'RS256', { typ: 'JWT' })
end

puts user_token(ARGV.fetch(0)) if $PROGRAM_NAME == __FILE__
