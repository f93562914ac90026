// cargo add jsonwebtoken --features aws_lc_rs,use_pem && cargo add serde_json
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};

/// Signs a user token. Read the private key's PEM once, at the start of your program.
pub fn user_token(
    user_id: &str,
    private_key_pem: &[u8],
) -> Result<String, Box<dyn std::error::Error>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let claims = serde_json::json!({
        "sub": user_id,
        "aud": "{{audience}}",
        "iat": now,
        "exp": now + 3600,
    });
    let key = EncodingKey::from_rsa_pem(private_key_pem)?;
    Ok(encode(&Header::new(Algorithm::RS256), &claims, &key)?)
}
