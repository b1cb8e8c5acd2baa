//! `[signals.*]`: which monitors may send webhooks, and by which secrets they are known. A source
//! without any is off.

use secrecy::SecretString;

use super::problem::Fault;
use super::reader::Reader;
use super::secret::SecretList;

/// The webhooks of monitors.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    pub pingdom: SignalSource,
    pub alertmanager: SignalSource,
    pub grafana: SignalSource,
    pub datadog: SignalSource,
    pub generic: SignalSource,
}

/// How a source is known.
#[derive(Debug, Clone, Default)]
pub struct SignalSource {
    /// Each of them is good; none where the signature alone counts.
    pub secrets: Vec<SecretString>,
    pub signing: Option<Signing>,
}

/// How bodies are signed: HMAC-SHA256 in hex.
#[derive(Debug, Clone)]
pub struct Signing {
    /// Each of them is good; at least one.
    pub secrets: Vec<SecretString>,
    /// The header with the signature.
    pub header: String,
    /// The header with the time that is signed too, in seconds since 1970, where there is one.
    pub timestamp_header: Option<String>,
}

impl SignalSource {
    /// Nothing is heard from it.
    pub fn is_off(&self) -> bool {
        self.secrets.is_empty() && self.signing.is_none()
    }
}

const PINGDOM: SecretList = SecretList {
    key: "signals.pingdom.secrets",
    file_key: "signals.pingdom.secrets_file",
};
const ALERTMANAGER: SecretList = SecretList {
    key: "signals.alertmanager.secrets",
    file_key: "signals.alertmanager.secrets_file",
};
const GRAFANA: SecretList = SecretList {
    key: "signals.grafana.secrets",
    file_key: "signals.grafana.secrets_file",
};
const GRAFANA_HMAC: SecretList = SecretList {
    key: "signals.grafana.hmac_secrets",
    file_key: "signals.grafana.hmac_secrets_file",
};
const DATADOG: SecretList = SecretList {
    key: "signals.datadog.secrets",
    file_key: "signals.datadog.secrets_file",
};
const GENERIC: SecretList = SecretList {
    key: "signals.generic.secrets",
    file_key: "signals.generic.secrets_file",
};

/// What can be guessed is no secret; `openssl rand -hex 24` gives 48.
const LEAST: usize = 20;
const MOST: usize = 256;

const HOW_TO_MAKE_ONE: &str = "Make one with `openssl rand -hex 24`.";

pub(super) fn read(reader: &mut Reader) -> Option<Signals> {
    let pingdom = PINGDOM.read(reader, secret);
    let alertmanager = ALERTMANAGER.read(reader, secret);
    let grafana = GRAFANA.read(reader, secret);
    let signing = GRAFANA_HMAC.read(reader, key);
    let grafana_header = reader.text(
        "signals.grafana.hmac_header",
        "X-Grafana-Alerting-Signature",
        header,
    );
    let timestamp_header =
        reader.text(
            "signals.grafana.hmac_timestamp_header",
            "",
            |text| match text {
                "" => Ok(None),
                text => header(text).map(Some),
            },
        );
    let datadog = DATADOG.read(reader, secret);
    let generic = GENERIC.read(reader, secret);
    let (header, timestamp_header) = (grafana_header?, timestamp_header?);
    let signing = Some(signing?).filter(|it| !it.is_empty());
    let by_secret = |secrets| SignalSource {
        secrets,
        signing: None,
    };
    Some(Signals {
        pingdom: by_secret(pingdom?),
        alertmanager: by_secret(alertmanager?),
        grafana: SignalSource {
            secrets: grafana?,
            signing: signing.map(|secrets| Signing {
                secrets,
                header,
                timestamp_header,
            }),
        },
        datadog: by_secret(datadog?),
        generic: by_secret(generic?),
    })
}

/// It stands in addresses, so it has nothing in it that has to be written otherwise there.
fn secret(text: &str) -> Result<SecretString, Fault> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    if !text.chars().all(plain) {
        let reason = "A secret has letters, digits, -, _, . and ~ alone: it stands in addresses.";
        return Err(Fault::new(reason, HOW_TO_MAKE_ONE));
    }
    key(text)
}

/// One that is never sent may have anything in it.
fn key(text: &str) -> Result<SecretString, Fault> {
    let length = text.chars().count();
    if !(LEAST..=MOST).contains(&length) {
        return Err(Fault::new(
            format!("A secret has {LEAST} to {MOST} characters, so that nobody can guess it."),
            HOW_TO_MAKE_ONE,
        ));
    }
    Ok(text.into())
}

fn header(text: &str) -> Result<String, Fault> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if text.is_empty() || !text.chars().all(plain) {
        return Err(Fault::new(
            "It is not the name of a header.",
            "Copy the name from the settings of the contact point in Grafana.",
        ));
    }
    Ok(text.to_owned())
}
