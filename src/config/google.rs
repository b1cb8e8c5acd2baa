//! `[google]`: the service account with which the members of Google groups are read. Which of them
//! belong to which group of ours stands in `permissions.sources`.

use secrecy::SecretString;
use serde_json::Value;

use super::address::{BaseUrl, base_url, is_exposed};
use super::permissions::is_email;
use super::problem::Fault;
use super::reader::Reader;
use super::secret::{Found, SecretSetting, hidden};

#[derive(Debug, Clone)]
pub struct Google {
    /// The JSON of its key, which is known to be one; none where nothing is read from Google.
    pub service_account: Option<SecretString>,
    /// The administrator in whose name the groups are read; none when the account may do so itself.
    pub subject: Option<String>,
    pub api_url: BaseUrl,
}

const SERVICE_ACCOUNT: SecretSetting = SecretSetting {
    key: "google.service_account",
    file_key: "google.service_account_file",
    default: "",
    show: hidden,
};
const API_URL: &str = "google.api_url";

/// What a key cannot do without.
const FIELDS: [&str; 3] = ["client_email", "private_key", "token_uri"];

pub(super) fn read(reader: &mut Reader) -> Option<Google> {
    let service_account = match SERVICE_ACCOUNT.read(reader, key) {
        Found::Value(key) => Some(Some(key)),
        Found::Unset => Some(None),
        Found::Unreadable(problem) => {
            reader.report(problem);
            None
        }
        Found::Refused => None,
    };
    let subject = reader.text("google.subject", "", |text| match text {
        "" => Ok(None),
        text if is_email(text) => Ok(Some(text.to_owned())),
        _ => Err(Fault::new(
            "It is not an e-mail address.",
            "Give the address of an administrator who may read groups.",
        )),
    });
    let api_url = reader.text(API_URL, "https://admin.googleapis.com", base_url);
    if api_url.as_ref().is_some_and(is_exposed) {
        let reason = "Tokens would travel in the open.";
        reader.refuse(API_URL, Fault::new(reason, "Begin it with https://."));
        return None;
    }
    Some(Google {
        service_account: service_account?,
        subject: subject?,
        api_url: api_url?,
    })
}

fn key(text: &str) -> Result<SecretString, Fault> {
    let remedy = "Make a key of the type JSON for the service account and give the whole file, or \
                  its path in google.service_account_file.";
    let key: Value = serde_json::from_str(text)
        .map_err(|_| Fault::new("It is not the JSON of a service account's key.", remedy))?;
    let missing = FIELDS
        .into_iter()
        .find(|field| key[*field].as_str().is_none_or(str::is_empty));
    if let Some(field) = missing {
        return Err(Fault::new(format!("The key has no {field}."), remedy));
    }
    match base_url(key["token_uri"].as_str().unwrap_or_default()) {
        Ok(address) if !is_exposed(&address) => Ok(text.to_owned().into()),
        Ok(_) => Err(Fault::new(
            "The key's token_uri is plain http: tokens would travel in the open.",
            remedy,
        )),
        Err(_) => Err(Fault::new(
            "The key's token_uri is not a web address.",
            remedy,
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::key;

    #[test]
    fn a_key_is_whole_and_gets_its_tokens_over_https() {
        let with = |token_uri: &str| {
            let text = json!({
                "client_email": "desk@example.iam.gserviceaccount.com",
                "private_key": "SECRET",
                "token_uri": token_uri,
            });
            key(&text.to_string()).map_err(|it| it.reason)
        };
        assert!(with("https://oauth2.googleapis.com/token").is_ok());
        assert!(with("http://127.0.0.1:8123/token").is_ok());
        for (token_uri, reason) in [
            ("", "has no token_uri"),
            ("oauth2.googleapis.com", "not a web address"),
            ("http://oauth2.googleapis.com/token", "in the open"),
        ] {
            let told = with(token_uri).expect_err(token_uri);
            assert!(told.contains(reason), "{told}");
            assert!(!told.contains("SECRET"), "{told}");
        }
        assert!(key("/run/secrets/key.json").is_err());
    }
}
