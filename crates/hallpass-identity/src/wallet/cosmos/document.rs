use data_encoding::BASE64;

use super::Address;

/// The bytes that a wallet signs for a message (ADR-36): the amino JSON of a transaction that can never be valid, members
/// sorted, nothing between them.
///
/// Nothing in it needs escaping: base64 and bech32 have no character that JSON treats specially.
#[must_use]
pub fn sign_document(signer: &Address, message: &[u8]) -> String {
    let data = BASE64.encode(message);
    format!(
        concat!(
            r#"{{"account_number":"0","chain_id":"","fee":{{"amount":[],"gas":"0"}},"memo":"","#,
            r#""msgs":[{{"type":"sign/MsgSignData","value":{{"data":"{}","signer":"{}"}}}}],"#,
            r#""sequence":"0"}}"#
        ),
        data, signer
    )
}
