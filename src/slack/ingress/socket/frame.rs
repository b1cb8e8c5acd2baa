//! What Slack says over a connection, read without trusting any of it to be there, and how it is
//! acknowledged.

use serde_json::{Value, json};

use crate::slack::ingress::envelope;

#[derive(Debug, PartialEq)]
pub enum Frame {
    Hello,
    /// The connection will end.
    Disconnect(Farewell),
    Envelope(Envelope),
    /// Of a kind that we do not know, and that wants no acknowledgement.
    Unknown(String),
    Garbage,
}

/// Why Slack ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// In about ten seconds, because its time is over.
    Warning,
    /// Now, because Slack's side is renewed.
    RefreshRequested,
    /// Socket Mode was switched off.
    LinkDisabled,
    TooMany,
    /// For a reason that we do not know.
    Other,
}

/// Something that must be acknowledged.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    pub id: String,
    pub kind: String,
    pub payload: Value,
    /// Whether the acknowledgement may carry an answer.
    pub takes_answer: bool,
}

pub fn read(text: &str) -> Frame {
    let Ok(mut frame) = envelope::json(text.as_bytes()) else {
        return Frame::Garbage;
    };
    let word = |name: &str| frame[name].as_str().unwrap_or_default().to_owned();
    let (id, kind) = (word("envelope_id"), word("type"));
    if !id.is_empty() {
        return Frame::Envelope(Envelope {
            id,
            kind,
            takes_answer: frame["accepts_response_payload"] == true,
            payload: frame["payload"].take(),
        });
    }
    match kind.as_str() {
        "hello" => Frame::Hello,
        "disconnect" => Frame::Disconnect(match word("reason").as_str() {
            "warning" => Farewell::Warning,
            "refresh_requested" => Farewell::RefreshRequested,
            "link_disabled" => Farewell::LinkDisabled,
            "too_many_websockets" => Farewell::TooMany,
            _ => Farewell::Other,
        }),
        "" => Frame::Garbage,
        _ => Frame::Unknown(kind),
    }
}

/// The acknowledgement, perhaps with what would be the body of an answer over HTTP.
pub fn acknowledgement(envelope_id: &str, answer: Option<&Value>) -> String {
    match answer {
        Some(answer) => json!({ "envelope_id": envelope_id, "payload": answer }),
        None => json!({ "envelope_id": envelope_id }),
    }
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_slack_says_is_read() {
        let hello = r#"{"type":"hello","num_connections":1,"debug_info":{"host":"applink-1"},
            "connection_info":{"app_id":"A1"}}"#;
        assert_eq!(read(hello), Frame::Hello);
        for (reason, farewell) in [
            ("warning", Farewell::Warning),
            ("refresh_requested", Farewell::RefreshRequested),
            ("link_disabled", Farewell::LinkDisabled),
            ("too_many_websockets", Farewell::TooMany),
            ("of a new kind", Farewell::Other),
        ] {
            let text = json!({ "type": "disconnect", "reason": reason }).to_string();
            assert_eq!(read(&text), Frame::Disconnect(farewell));
        }
        let envelope = r#"{"envelope_id":"e1","type":"slash_commands","novel":[1],
            "payload":{"text":"a\u0000b"},"accepts_response_payload":true}"#;
        assert_eq!(
            read(envelope),
            Frame::Envelope(Envelope {
                id: "e1".into(),
                kind: "slash_commands".into(),
                payload: json!({ "text": "ab" }),
                takes_answer: true,
            })
        );
    }

    #[test]
    fn what_is_new_or_broken_is_survived() {
        let sparse = r#"{"envelope_id":"e1","type":null,"accepts_response_payload":null}"#;
        assert_eq!(
            read(sparse),
            Frame::Envelope(Envelope {
                id: "e1".into(),
                kind: String::new(),
                payload: Value::Null,
                takes_answer: false,
            })
        );
        let silent = r#"{"type":"disconnect","reason":null,"envelope_id":null}"#;
        assert_eq!(read(silent), Frame::Disconnect(Farewell::Other));
        assert_eq!(read(r#"{"type":"tea"}"#), Frame::Unknown("tea".into()));
        for text in ["", "{", "[]", "null", "7", "{}", r#"{"type":7}"#, "hello"] {
            assert_eq!(read(text), Frame::Garbage, "{text}");
        }
    }
}
