//! What is done about an announcement that people took away, or whose channel cannot be used any
//! more: mended once for each reason, and no more. Somebody who does it again means it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ids::ChannelId, time::Timestamp};

/// Why an announcement stands where it does, when that is not where it was first meant to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The one before it was deleted.
    Deleted,
    /// It stayed away, and somebody asked for it.
    Asked,
    /// The channel that it was meant for is archived,
    Archived,
    /// has no bot of ours in it,
    Left,
    /// or does not exist any more, as far as the bot can see.
    Gone,
}

/// What was found out about an announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    Deleted,
    Unpinned,
    /// Its channel cannot be used. `fallback` can, if there is one.
    Lost {
        because: Because,
        fallback: Option<ChannelId>,
    },
}

/// How an announcement stands, as far as that matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub outage_is_open: bool,
    /// Whether it is pinned, as far as is known.
    pub pinned: bool,
    /// Whether it was deleted too often and stays away.
    pub away: bool,
    /// How often each has happened.
    pub deletions: i64,
    pub unpins: i64,
    pub moves: i64,
}

/// What is done about it, and what people are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mend", rename_all = "snake_case")]
pub enum Mend {
    PostedAgain {
        because: Because,
    },
    StaysAway,
    PinnedAgain,
    StaysUnpinned,
    Moved {
        because: Because,
        from: ChannelId,
        to: ChannelId,
    },
    /// Its channel cannot be used, and there is no other one.
    Stranded {
        because: Because,
        channel: ChannelId,
    },
}

impl Mend {
    /// The stored word.
    pub fn word(&self) -> &'static str {
        match self {
            Mend::PostedAgain { .. } => "posted_again",
            Mend::StaysAway => "stays_away",
            Mend::PinnedAgain => "pinned_again",
            Mend::StaysUnpinned => "stays_unpinned",
            Mend::Moved { .. } => "moved",
            Mend::Stranded { .. } => "stranded",
        }
    }
}

/// What to do about an announcement in `channel`; nothing when its outage is over, or when it was
/// mended for that reason before and people know.
pub fn mend(standing: &Standing, trouble: &Trouble, channel: &ChannelId) -> Option<Mend> {
    if !standing.outage_is_open || standing.away {
        return None;
    }
    match trouble {
        Trouble::Deleted if standing.deletions == 0 => Some(Mend::PostedAgain {
            because: Because::Deleted,
        }),
        Trouble::Deleted => Some(Mend::StaysAway),
        // Not pinned yet, or not pinned any more and that is known.
        Trouble::Unpinned if !standing.pinned => None,
        Trouble::Unpinned => match standing.unpins {
            0 => Some(Mend::PinnedAgain),
            1 => Some(Mend::StaysUnpinned),
            _ => None,
        },
        Trouble::Lost { because, fallback } => match fallback {
            Some(to) if to != channel && standing.moves == 0 => Some(Mend::Moved {
                because: *because,
                from: channel.clone(),
                to: to.clone(),
            }),
            _ => Some(Mend::Stranded {
                because: *because,
                channel: channel.clone(),
            }),
        },
    }
}

/// A loss that nobody confirmed for so long counts no more: whoever cannot ask how a channel stands
/// finds out by trying.
pub const LOSS_COUNTS_FOR: Duration = Duration::from_secs(3600);

/// Being let in again by itself is tried this seldom: whoever removes the bot twice means it.
pub const REJOIN_EVERY: Duration = Duration::from_secs(24 * 3600);

/// What is known of a channel for announcements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channel {
    /// When it was last found to be of no use, and why.
    pub lost: Option<(Timestamp, Because)>,
    /// When it was last found to be of use.
    pub found_at: Option<Timestamp>,
    /// When the bot last tried to come back into it.
    pub rejoin_at: Option<Timestamp>,
    /// Whether it is trying.
    pub rejoining: bool,
}

impl Channel {
    /// Why it cannot be used at `now`.
    pub fn why_lost(&self, now: Timestamp) -> Option<Because> {
        let (at, because) = self.lost?;
        (now.since(at) < LOSS_COUNTS_FOR).then_some(because)
    }

    /// What a loss that was seen at `seen_at` means at `now`.
    pub fn lose(&self, because: Because, seen_at: Timestamp, now: Timestamp) -> Loss {
        if self.found_at.is_some_and(|it| it >= seen_at) {
            return Loss::Old;
        }
        if because != Because::Left {
            return Loss::Real;
        }
        match self.rejoin_at {
            Some(at) if now.since(at) >= REJOIN_EVERY => Loss::MayRejoin,
            None => Loss::MayRejoin,
            Some(_) if self.rejoining => Loss::BeingMended,
            Some(_) => Loss::Real,
        }
    }
}

/// What it means that a channel was found to be of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It was found to be of use since.
    Old,
    /// The bot is on its way back into it.
    BeingMended,
    /// The bot may try to come back.
    MayRejoin,
    Real,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> Standing {
        Standing {
            outage_is_open: true,
            pinned: true,
            ..Standing::default()
        }
    }

    fn lost(fallback: Option<&str>) -> Trouble {
        Trouble::Lost {
            because: Because::Archived,
            fallback: fallback.map(ChannelId::from),
        }
    }

    #[test]
    fn each_reason_is_mended_once() {
        let here = ChannelId::from("C1");
        let posted = Mend::PostedAgain {
            because: Because::Deleted,
        };
        let moved = Mend::Moved {
            because: Because::Archived,
            from: "C1".into(),
            to: "C2".into(),
        };
        let stranded = Mend::Stranded {
            because: Because::Archived,
            channel: "C1".into(),
        };
        let with = |change: &dyn Fn(&mut Standing)| {
            let mut standing = fresh();
            change(&mut standing);
            standing
        };
        let deleted = with(&|it| it.deletions = 1);
        let unpinned = with(&|it| it.unpins = 1);
        let twice_unpinned = with(&|it| it.unpins = 2);
        let not_pinned = with(&|it| it.pinned = false);
        let moved_before = with(&|it| it.moves = 1);
        for (standing, trouble, expected) in [
            (fresh(), Trouble::Deleted, Some(posted.clone())),
            (deleted.clone(), Trouble::Deleted, Some(Mend::StaysAway)),
            (fresh(), Trouble::Unpinned, Some(Mend::PinnedAgain)),
            (
                unpinned.clone(),
                Trouble::Unpinned,
                Some(Mend::StaysUnpinned),
            ),
            (twice_unpinned, Trouble::Unpinned, None),
            (not_pinned, Trouble::Unpinned, None),
            (fresh(), lost(Some("C2")), Some(moved.clone())),
            (fresh(), lost(Some("C1")), Some(stranded.clone())),
            (fresh(), lost(None), Some(stranded.clone())),
            (moved_before.clone(), lost(Some("C2")), Some(stranded)),
            // One reason does not use up another.
            (moved_before, Trouble::Deleted, Some(posted)),
            (deleted, lost(Some("C2")), Some(moved)),
            (
                unpinned,
                Trouble::Deleted,
                mend(&fresh(), &Trouble::Deleted, &here),
            ),
        ] {
            assert_eq!(
                mend(&standing, &trouble, &here),
                expected,
                "{standing:?} {trouble:?}"
            );
        }
    }

    #[test]
    fn what_is_over_or_away_is_left_alone() {
        let here = ChannelId::from("C1");
        for trouble in [
            Trouble::Deleted,
            Trouble::Unpinned,
            lost(Some("C2")),
            lost(None),
        ] {
            let over = Standing {
                outage_is_open: false,
                ..fresh()
            };
            let away = Standing {
                away: true,
                ..fresh()
            };
            assert_eq!(mend(&over, &trouble, &here), None);
            assert_eq!(mend(&away, &trouble, &here), None);
        }
    }

    #[test]
    fn a_bot_that_was_removed_comes_back_once_a_day() {
        let at = |minutes: i64| Timestamp::from_epoch(1_772_366_400 + minutes * 60);
        let never = Channel::default();
        assert_eq!(never.lose(Because::Left, at(0), at(0)), Loss::MayRejoin);
        assert_eq!(never.lose(Because::Archived, at(0), at(0)), Loss::Real);
        let trying = Channel {
            rejoin_at: Some(at(0)),
            rejoining: true,
            ..Channel::default()
        };
        assert_eq!(trying.lose(Because::Left, at(1), at(1)), Loss::BeingMended);
        let back = Channel {
            rejoining: false,
            found_at: Some(at(2)),
            ..trying
        };
        assert_eq!(back.lose(Because::Left, at(1), at(3)), Loss::Old);
        assert_eq!(back.lose(Because::Left, at(3), at(3)), Loss::Real);
        assert_eq!(
            back.lose(Because::Left, at(1441), at(1441)),
            Loss::MayRejoin
        );
    }

    #[test]
    fn a_loss_that_nobody_confirms_is_forgotten() {
        let at = |minutes: i64| Timestamp::from_epoch(1_772_366_400 + minutes * 60);
        let lost = Channel {
            lost: Some((at(0), Because::Gone)),
            ..Channel::default()
        };
        assert_eq!(lost.why_lost(at(59)), Some(Because::Gone));
        assert_eq!(lost.why_lost(at(60)), None);
        assert_eq!(Channel::default().why_lost(at(0)), None);
    }
}
