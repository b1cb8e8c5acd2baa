//! From a measured number to a status.

use serde::{Deserialize, Serialize};

use crate::domain::status::Status;

/// Prometheus answers 0.25000000000000006 for 10 of 40.
const NOISE: f64 = 1e-9;

/// A status for everything above a number, in rising order of both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    above: Vec<(f64, Status)>,
}

/// Why thresholds cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    #[error("there is none")]
    None,
    #[error("each must be a finite number")]
    NotFinite,
    #[error("the numbers must rise from one to the next, and so must the statuses")]
    NotRising,
}

impl Thresholds {
    pub fn new(above: Vec<(f64, Status)>) -> Result<Thresholds, ThresholdError> {
        if above.is_empty() {
            return Err(ThresholdError::None);
        }
        if above.iter().any(|(number, _)| !number.is_finite()) {
            return Err(ThresholdError::NotFinite);
        }
        let rises = |it: &[(f64, Status)]| it[0].0 < it[1].0 && it[0].1 < it[1].1;
        if !above.windows(2).all(rises) {
            return Err(ThresholdError::NotRising);
        }
        Ok(Thresholds { above })
    }

    /// Of failed logins among all: up to half of them is degraded, up to three quarters a partial
    /// outage, more than that a major one.
    pub fn of_providers() -> Thresholds {
        Thresholds {
            above: vec![
                (0.0, Status::DegradedPerformance),
                (0.5, Status::PartialOutage),
                (0.75, Status::MajorOutage),
            ],
        }
    }

    /// None for what is not a number, or not a finite one.
    pub fn status(&self, value: f64) -> Option<Status> {
        if !value.is_finite() {
            return None;
        }
        let over = |it: &&(f64, Status)| value > it.0 + NOISE;
        let reached = self.above.iter().rev().find(over);
        Some(reached.map_or(Status::Operational, |it| it.1))
    }
}

/// What a share of bad ones among all says.
#[derive(Clone, Debug, PartialEq)]
pub enum Share {
    /// Between 0 and 1; `beyond` when more were bad than there are, which a query gets wrong.
    Of { value: f64, beyond: bool },
    /// Nothing can be said, and why.
    Nothing(&'static str),
}

/// `bad` is none where no series says so, which is 0 of them: who has only successes has no series
/// of failures.
pub fn share(bad: Option<f64>, total: Option<f64>, min_samples: f64) -> Share {
    let Some(total) = total else {
        return Share::Nothing("there is no total");
    };
    let bad = bad.unwrap_or(0.0);
    if !total.is_finite() || !bad.is_finite() {
        return Share::Nothing("what was measured is not a number");
    }
    if total < 0.0 || bad < -NOISE {
        return Share::Nothing("what was measured is negative");
    }
    if total <= 0.0 || total + NOISE < min_samples {
        return Share::Nothing("too little was measured");
    }
    let value = bad / total;
    Share::Of {
        value: value.clamp(0.0, 1.0),
        beyond: value > 1.0 + NOISE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_providers_at_its_edges() {
        let table = Thresholds::of_providers();
        for (value, status) in [
            (-1.0, Status::Operational),
            (0.0, Status::Operational),
            (1e-12, Status::Operational),
            (0.01, Status::DegradedPerformance),
            (0.25000000000000006, Status::DegradedPerformance),
            (0.5, Status::DegradedPerformance),
            (0.5000000000000001, Status::DegradedPerformance),
            (0.51, Status::PartialOutage),
            (0.75, Status::PartialOutage),
            (0.76, Status::MajorOutage),
            (1.0, Status::MajorOutage),
        ] {
            assert_eq!(table.status(value), Some(status), "{value}");
        }
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(table.status(value), None);
        }
    }

    #[test]
    fn shares() {
        let of = |value| Share::Of {
            value,
            beyond: false,
        };
        assert_eq!(share(Some(10.0), Some(40.0), 1.0), of(0.25));
        assert_eq!(share(None, Some(40.0), 1.0), of(0.0));
        assert_eq!(
            share(Some(41.0), Some(40.0), 1.0),
            Share::Of {
                value: 1.0,
                beyond: true
            }
        );
        for (bad, total) in [
            (Some(1.0), None),
            (Some(0.0), Some(0.0)),
            (None, Some(f64::NAN)),
            (Some(f64::INFINITY), Some(f64::INFINITY)),
            (Some(f64::NAN), Some(1.0)),
            (Some(-1.0), Some(5.0)),
            (Some(1.0), Some(-5.0)),
            (Some(1.0), Some(4.0)),
        ] {
            let said = share(bad, total, 5.0);
            assert!(matches!(said, Share::Nothing(_)), "{bad:?} of {total:?}");
        }
    }

    #[test]
    fn thresholds_that_do_not_rise_are_refused() {
        let sick = Status::PartialOutage;
        let new = Thresholds::new;
        assert_eq!(new(vec![]), Err(ThresholdError::None));
        assert_eq!(new(vec![(f64::NAN, sick)]), Err(ThresholdError::NotFinite));
        assert_eq!(
            new(vec![(0.5, sick), (0.5, Status::MajorOutage)]),
            Err(ThresholdError::NotRising)
        );
        assert_eq!(
            new(vec![(0.1, sick), (0.5, Status::DegradedPerformance)]),
            Err(ThresholdError::NotRising)
        );
    }
}
