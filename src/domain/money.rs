//! Amounts of money in minor units, so that nothing is rounded.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount with its ISO 4217 currency code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Hundredths of the currency's unit.
    pub minor: i64,
    pub currency: String,
}

impl Money {
    /// Whole units, as people type them: `1000`, `12 500`, `1,000`.
    pub fn parse_whole(text: &str, currency: &str) -> Option<Money> {
        let digits: String = text
            .chars()
            .filter(|it| !matches!(it, ' ' | ',' | '\'' | '_' | '\u{a0}' | '\u{202f}'))
            .collect();
        if digits.is_empty() || digits.len() > 15 || !digits.bytes().all(|it| it.is_ascii_digit()) {
            return None;
        }
        Some(Money {
            minor: digits.parse::<i64>().ok()?.checked_mul(100)?,
            currency: currency.to_owned(),
        })
    }

    pub fn whole(&self) -> i64 {
        self.minor / 100
    }
}

impl fmt::Display for Money {
    /// `12,500 EUR`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.whole().to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        write!(f, " {}", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_amounts_are_read_and_grouped() {
        let read = |text| Money::parse_whole(text, "EUR").map(|it| it.to_string());
        assert_eq!(read("1000").as_deref(), Some("1,000 EUR"));
        assert_eq!(read("12 500").as_deref(), Some("12,500 EUR"));
        assert_eq!(read("1,234,567").as_deref(), Some("1,234,567 EUR"));
        assert_eq!(read("0").as_deref(), Some("0 EUR"));
        for bad in ["", "-5", "12.5", "about 3", "9999999999999999"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
