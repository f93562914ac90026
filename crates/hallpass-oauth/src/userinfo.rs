//! Who somebody is, asked with an access token: for providers without id tokens, and for what an id token leaves out.

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use hallpass_egress::{Egress, Limits, Request, Url};
use hallpass_seal::SecretText;
use serde::Deserialize;

use crate::claims::{SUBJECT_MALFORMED, StandardClaims};
use crate::client::DEADLINE;
use crate::error::OauthError;
use crate::exchange::Credentials;
use crate::identity::{Told, UpstreamIdentity};
use crate::preset::Preset;

const MAX_PROFILE_BYTES: usize = 256 * 1024;

/// The profile in the standard's words.
pub(crate) async fn standard(
    egress: &Egress,
    url: &str,
    access_token: &SecretText,
) -> Result<StandardClaims, OauthError> {
    StandardClaims::read(&ask(egress, url.to_owned(), access_token).await?)
}

/// The profile in the provider's own words.
pub(crate) async fn own(
    egress: &Egress,
    preset: Preset,
    url: &str,
    access_token: &SecretText,
    credentials: &Credentials,
) -> Result<UpstreamIdentity, OauthError> {
    let url = match (preset, credentials.secret()) {
        (Preset::Facebook, Some(secret)) => with_app_proof(url, access_token, secret)?,
        _ => url.to_owned(),
    };
    read_own(preset, &ask(egress, url, access_token).await?)
}

async fn ask(
    egress: &Egress,
    url: String,
    access_token: &SecretText,
) -> Result<Vec<u8>, OauthError> {
    let bearer = SecretText::new(format!("Bearer {}", access_token.expose()));
    let request = Request::get(url)
        .with_header("authorization", bearer.expose())?
        .with_header("accept", "application/json")?;
    let limits = Limits {
        deadline: DEADLINE,
        body_bytes: MAX_PROFILE_BYTES,
        redirects: 0,
    };
    let answer = egress.send(request, limits).await?;
    if answer.status == 200 {
        Ok(answer.body)
    } else {
        Err(OauthError::ProviderFailed {
            status: answer.status,
        })
    }
}

/// An app at Facebook may demand that whoever shows a token also knows its secret (`appsecret_proof`).
fn with_app_proof(
    url: &str,
    access_token: &SecretText,
    secret: &str,
) -> Result<String, OauthError> {
    let mut url = Url::parse(url)
        .map_err(|_| OauthError::AnswerMalformed("the profile endpoint is not a URL"))?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let proof = hmac::sign(&key, access_token.expose().as_bytes());
    url.query_pairs_mut()
        .append_pair("appsecret_proof", &HEXLOWER.encode(proof.as_ref()));
    Ok(url.into())
}

/// <https://docs.x.com/x-api/users/get-my-user>
#[derive(Deserialize)]
struct XAnswer {
    data: XUser,
}

#[derive(Deserialize)]
struct XUser {
    id: String,
    name: Option<String>,
    username: Option<String>,
    profile_image_url: Option<String>,
}

/// <https://docs.discord.com/developers/resources/user#user-object>
#[derive(Deserialize)]
struct DiscordUser {
    id: String,
    username: Option<String>,
    global_name: Option<String>,
    avatar: Option<String>,
    email: Option<String>,
    #[serde(default)]
    verified: bool,
}

/// <https://developers.facebook.com/docs/graph-api/reference/user/>
#[derive(Deserialize)]
struct FacebookUser {
    id: String,
    name: Option<String>,
    email: Option<String>,
    picture: Option<FacebookPicture>,
}

#[derive(Deserialize)]
struct FacebookPicture {
    data: FacebookPictureData,
}

#[derive(Deserialize)]
struct FacebookPictureData {
    url: Option<String>,
}

fn read_own(preset: Preset, body: &[u8]) -> Result<UpstreamIdentity, OauthError> {
    let identity = match preset {
        Preset::X => {
            let user = read::<XAnswer>(body)?.data;
            UpstreamIdentity::from_told(&Told {
                subject: &user.id,
                display_name: user.name.as_deref(),
                username: user.username.as_deref(),
                picture_url: user.profile_image_url.as_deref(),
                ..Told::default()
            })
        }
        Preset::Discord => {
            let user: DiscordUser = read(body)?;
            let picture = user
                .avatar
                .as_deref()
                .map(|avatar| avatar_url(&user.id, avatar));
            UpstreamIdentity::from_told(&Told {
                subject: &user.id,
                email: user.email.as_deref(),
                email_verified: user.verified,
                display_name: user.global_name.as_deref().or(user.username.as_deref()),
                username: user.username.as_deref(),
                picture_url: picture.as_deref(),
            })
        }
        Preset::Facebook => {
            let user: FacebookUser = read(body)?;
            let picture = user.picture.and_then(|picture| picture.data.url);
            UpstreamIdentity::from_told(&Told {
                subject: &user.id,
                email: user.email.as_deref(),
                email_verified: false,
                display_name: user.name.as_deref(),
                username: None,
                picture_url: picture.as_deref(),
            })
        }
        Preset::Google | Preset::Apple | Preset::Oidc => {
            return StandardClaims::read(body)?.identity();
        }
    };
    identity.ok_or(SUBJECT_MALFORMED)
}

fn avatar_url(id: &str, avatar: &str) -> String {
    let (id, avatar) = (crate::form::escape(id), crate::form::escape(avatar));
    format!("https://cdn.discordapp.com/avatars/{id}/{avatar}.png")
}

fn read<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, OauthError> {
    serde_json::from_slice(body).map_err(|_| {
        OauthError::AnswerMalformed("the profile has another shape than the provider documents")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = (
        String,
        Option<String>,
        bool,
        Option<String>,
        Option<String>,
        Option<String>,
    );

    fn read_as(preset: Preset, body: &str) -> Result<Read, &'static str> {
        let identity = read_own(preset, body.as_bytes()).map_err(|error| error.code())?;
        let email = identity.email.map(|email| email.as_str().to_owned());
        Ok((
            identity.subject,
            email,
            identity.email_verified,
            identity.display_name,
            identity.username,
            identity.picture_url,
        ))
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn x_tells_no_address() {
        let body = r#"{"data":{"id":"2244994945","name":"Dev","username":"dev","profile_image_url":"https://pbs.twimg.com/a.jpg","confirmed_email":"a@b.test"}}"#;
        let expected = (
            "2244994945".to_owned(),
            None,
            false,
            some("Dev"),
            some("dev"),
            some("https://pbs.twimg.com/a.jpg"),
        );
        assert_eq!(read_as(Preset::X, body), Ok(expected));
    }

    #[test]
    fn discord_says_whether_an_address_is_verified() {
        let body = r#"{"id":"80351110224678912","username":"nelly","global_name":null,"avatar":"8342729096ea3675442027381ff50dfe","verified":true,"email":"nelly@discord.test"}"#;
        let picture = "https://cdn.discordapp.com/avatars/80351110224678912/8342729096ea3675442027381ff50dfe.png";
        let expected = (
            "80351110224678912".to_owned(),
            some("nelly@discord.test"),
            true,
            some("nelly"),
            some("nelly"),
            some(picture),
        );
        assert_eq!(read_as(Preset::Discord, body), Ok(expected));
        let silent = read_as(Preset::Discord, r#"{"id":"1","email":"a@b.test"}"#);
        assert!(silent.is_ok_and(|told| told.1.is_some() && !told.2));
        let none = read_as(Preset::Discord, r#"{"id":"1","verified":true}"#);
        assert!(none.is_ok_and(|told| !told.2));
    }

    #[test]
    fn facebook_never_says_that_an_address_is_verified() {
        let body = r#"{"id":"10","name":"Ada","email":"ada@b.test","verified":true,"email_verified":true,"picture":{"data":{"url":"https://platform-lookaside.fbsbx.test/p"}}}"#;
        let expected = (
            "10".to_owned(),
            some("ada@b.test"),
            false,
            some("Ada"),
            None,
            some("https://platform-lookaside.fbsbx.test/p"),
        );
        assert_eq!(read_as(Preset::Facebook, body), Ok(expected));
    }

    #[test]
    fn row_44_a_profile_without_a_name_for_the_person_is_refused() {
        for (preset, body) in [
            (Preset::X, r#"{"errors":[{"title":"Unauthorized"}]}"#),
            (Preset::X, r#"{"data":{"id":1}}"#),
            (Preset::X, r#"{"id":"1"}"#),
            (Preset::Discord, r#"{"id":""}"#),
            (Preset::Discord, r#"{"id":"1","verified":"true"}"#),
            (Preset::Discord, r#"{"id":"1","id":"2"}"#),
            (Preset::Facebook, r#"{"error":{"message":"secret"}}"#),
            (Preset::Facebook, "<html>"),
            (Preset::Oidc, r#"{"email":"a@b.test"}"#),
            (Preset::Oidc, r#"{"sub":"a\nb"}"#),
        ] {
            let read = read_as(preset, body);
            assert_eq!(read, Err("oauth_answer_malformed"), "{body}");
        }
    }

    #[test]
    fn facebooks_proof_is_an_hmac_over_the_token() {
        let token = SecretText::new("what do ya want for nothing?".to_owned());
        let url = with_app_proof("https://graph.test/me?fields=id", &token, "Jefe");
        // RFC 4231, test case 2.
        let expected = "https://graph.test/me?fields=id&appsecret_proof=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(url.ok().as_deref(), Some(expected));
    }
}
