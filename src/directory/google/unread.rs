//! Why the members of a group were not read, in sentences for whoever runs Balefire: what is wrong,
//! and what to do next. None has a key, a token or the body of an answer in it.

/// What the service account is allowed to do, and asks for.
pub const SCOPE: &str = "https://www.googleapis.com/auth/admin.directory.group.member.readonly";

/// Nothing of the group is known; `whose` is "in the name of …" or "in its own name".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    #[error(
        "Google does not take the key of the service account {account} ({code}): the key or the \
         account was deleted, disabled or replaced. Look under \"IAM & Admin\", \"Service \
         Accounts\" in the Google Cloud console, make a new key of the type JSON there and give it \
         in google.service_account"
    )]
    Key { account: String, code: String },
    #[error(
        "Google does not let the service account {account} read groups {whose} ({code}). In the \
         Admin console under \"Security\", \"Access and data control\", \"API controls\", \
         \"Manage domain-wide delegation\", allow {client} the scope {SCOPE}. It may take Google \
         some hours to notice"
    )]
    NotDelegated {
        account: String,
        whose: String,
        client: String,
        code: String,
    },
    #[error(
        "Google knows nobody called {subject}. Set google.subject to the address of an \
         administrator who is under \"Directory\", \"Users\" in the Admin console and is not \
         suspended"
    )]
    Subject { subject: String },
    #[error(
        "Google finds that the request came at another time than now: this machine's clock is \
         wrong. Set it, best by a time server"
    )]
    Clock,
    #[error(
        "Google gives the service account {account} no token {whose} ({code}). Look whether \
         google.subject is an administrator of your organisation, whether the key under \"IAM & \
         Admin\", \"Service Accounts\" in the Google Cloud console is still good, and whether this \
         machine's clock is right"
    )]
    NoToken {
        account: String,
        whose: String,
        code: String,
    },
    #[error(
        "The Directory API takes no token of the service account {account}, not even a fresh one. \
         Look whether the account and google.subject are active, and whether google.api_url is \
         Google's"
    )]
    Refused { account: String },
    #[error(
        "The Admin SDK API is switched off for {project}. Switch it on under \"APIs & Services\", \
         \"Library\", \"Admin SDK API\" in the Google Cloud console"
    )]
    SwitchedOff { project: String },
    #[error(
        "The service account {account} may not read the group {group} {whose} (403). In the Admin \
         console under \"Account\", \"Admin roles\", give whoever it acts for a role that may read \
         groups, and look under \"APIs & Services\" in the Google Cloud console whether the Admin \
         SDK API is on. Groups of other organisations cannot be read"
    )]
    Forbidden {
        account: String,
        whose: String,
        group: String,
    },
    #[error(
        "Google knows no group {group}. Look for its address under \"Directory\", \"Groups\" in \
         the Admin console and mend it in [[permissions.sources]]"
    )]
    Missing { group: String },
    #[error(
        "Google does not answer the question for the members of {group} (HTTP status {status}). \
         Look whether it is the address of a group"
    )]
    Odd { group: String, status: u16 },
    #[error(
        "Google's quota is used up ({code}). It fills again by itself; if this goes on, look at \
         \"APIs & Services\", \"Admin SDK API\", \"Quotas\" in the Google Cloud console"
    )]
    Quota { code: String },
    #[error(
        "Google has troubles of its own ({what}). It passes; https://www.google.com/appsstatus \
         tells of larger ones"
    )]
    Trouble { what: String },
    #[error(
        "{host} cannot be reached: {why}. Look at this machine's network, its DNS and its \
         firewall; proxies are not used for Google"
    )]
    NotReached { host: String, why: String },
    #[error(
        "Something answers in Google's place at {host}: {what}. It may be the page of a proxy or a \
         login between this machine and Google, or Google has troubles of its own"
    )]
    NotGoogle { host: String, what: String },
    #[error(
        "The group {group} is larger than what is read: {what}. Give smaller groups in \
         [[permissions.sources]]"
    )]
    TooMuch { group: String, what: String },
}

impl Unread {
    /// Whether it may be over by itself, so that it is worth trying again later. A clock is set by
    /// somebody, but nobody tells us when.
    pub fn may_pass(&self) -> bool {
        match self {
            Unread::Clock
            | Unread::Quota { .. }
            | Unread::Trouble { .. }
            | Unread::NotReached { .. }
            | Unread::NotGoogle { .. } => true,
            Unread::Key { .. }
            | Unread::NotDelegated { .. }
            | Unread::Subject { .. }
            | Unread::NoToken { .. }
            | Unread::Refused { .. }
            | Unread::SwitchedOff { .. }
            | Unread::Forbidden { .. }
            | Unread::Missing { .. }
            | Unread::Odd { .. }
            | Unread::TooMuch { .. } => false,
        }
    }
}

/// An error's name as somebody else gives it, of which nobody knows what it holds.
pub fn code(said: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || "_-.".contains(*c);
    let code: String = said.chars().filter(plain).take(40).collect();
    match code.is_empty() {
        true => "without a reason".into(),
        false => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_somebody_else_is_a_word_and_no_more() {
        assert_eq!(code("invalid_grant"), "invalid_grant");
        assert_eq!(code("<b>\n\"x y\"</b>"), "bxyb");
        assert_eq!(code("  "), "without a reason");
        assert_eq!(code(&"a".repeat(4000)).len(), 40);
    }
}
