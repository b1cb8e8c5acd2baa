//! The arguments of one call, however they were sent: query, form, form in parts or JSON. Unknown arguments are
//! kept (the journal shows them) and ignored.

use super::Fail;
use serde_json::{Map, Value};

#[derive(Debug, Clone, Default)]
pub struct Arguments {
    pub token: Option<String>,
    values: Map<String, Value>,
    /// Warnings about how the call was sent.
    pub warnings: Vec<&'static str>,
}

/// How the call was sent, as far as it matters for reading it.
pub struct Sent<'a> {
    pub query: &'a str,
    pub content_type: &'a str,
    pub authorization: Option<&'a str>,
    pub body: &'a [u8],
    /// The fields of a form in parts.
    pub parts: Option<Vec<(String, String)>>,
}

impl Arguments {
    pub fn read(sent: Sent<'_>) -> Result<Arguments, Fail> {
        let mut arguments = Arguments {
            token: sent
                .authorization
                .and_then(|header| header.strip_prefix("Bearer "))
                .map(|token| token.trim().to_owned()),
            ..Arguments::default()
        };
        arguments.add_form(sent.query.as_bytes());
        // A token in the query string is not accepted: it would end up in logs.
        arguments.values.remove("token");
        let content_type = sent.content_type.to_ascii_lowercase();
        let has_charset = content_type.contains("charset");
        if content_type.starts_with("application/json") {
            if !sent.body.is_empty() {
                let parsed: Value =
                    serde_json::from_slice(sent.body).map_err(|_| Fail::new("invalid_json"))?;
                let Value::Object(values) = parsed else {
                    return Err("json_not_object".into());
                };
                arguments.values.extend(values);
            }
            // JSON requires the token in the header.
            arguments.values.remove("token");
            if !has_charset {
                arguments.warnings.push("missing_charset");
            }
        } else if content_type.starts_with("multipart/form-data") {
            let parts = sent.parts.ok_or_else(|| Fail::new("invalid_form_data"))?;
            for (name, value) in parts {
                arguments.values.insert(name, Value::String(value));
            }
        } else if content_type.starts_with("application/x-www-form-urlencoded")
            || content_type.is_empty()
        {
            arguments.add_form(sent.body);
            if has_charset {
                arguments.warnings.push("superfluous_charset");
            }
        } else {
            return Err("invalid_post_type".into());
        }
        if let Some(Value::String(token)) = arguments.values.remove("token") {
            arguments.token.get_or_insert(token);
        }
        // `null` means: as if it were not there.
        arguments.values.retain(|_, value| !value.is_null());
        Ok(arguments)
    }

    fn add_form(&mut self, form: &[u8]) {
        for (name, value) in url::form_urlencoded::parse(form) {
            self.values
                .insert(name.into_owned(), Value::String(value.into_owned()));
        }
    }

    /// For the journal: nested JSON decoded, no token.
    pub fn decoded(&self) -> Value {
        let decoded = self.values.iter().map(|(name, value)| {
            let nested = value
                .as_str()
                .filter(|text| text.starts_with(['{', '[']))
                .and_then(|text| serde_json::from_str(text).ok());
            (name.clone(), nested.unwrap_or_else(|| value.clone()))
        });
        Value::Object(decoded.collect())
    }

    pub fn text(&self, name: &str) -> Option<String> {
        match self.values.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(bool) => Some(bool.to_string()),
            _ => None,
        }
    }

    pub fn required(&self, name: &str) -> Result<String, Fail> {
        self.text(name)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| Fail::missing(name))
    }

    pub fn bool(&self, name: &str) -> bool {
        matches!(
            self.text(name).as_deref(),
            Some("true" | "1" | "True" | "on")
        )
    }

    pub fn int(&self, name: &str) -> Option<i64> {
        self.text(name)?.trim().parse().ok()
    }

    /// A list: a JSON array, a JSON array in a string, or text with commas.
    pub fn list(&self, name: &str) -> Vec<String> {
        let strings = |items: &[Value]| {
            items
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        };
        match self.values.get(name) {
            Some(Value::Array(items)) => strings(items),
            Some(Value::String(text)) => {
                if let Ok(Value::Array(items)) = serde_json::from_str(text) {
                    return strings(&items);
                }
                text.split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(str::to_owned)
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// A structure: JSON itself, or JSON in a string. An empty string is like nothing.
    pub fn nested(&self, name: &str) -> Result<Option<Value>, ()> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| ()),
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// A list of structures, with the error Slack has when it is something else.
    pub fn structures(&self, name: &str, error: &'static str) -> Result<Option<Vec<Value>>, Fail> {
        match self.nested(name) {
            Ok(None | Some(Value::Null)) => Ok(None),
            Ok(Some(Value::Array(items))) => Ok(Some(items)),
            _ => Err(error.into()),
        }
    }
}
