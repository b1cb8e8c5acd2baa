//! By which address somebody is known to groups and logins: their own e-mail address, or the one
//! that they would have at the team's domain.
//!
//! An address is an identity, so it is given only where it is nobody else's. Everybody who could
//! dispute one has the same part before the `@`: such people are a family, and what each of them is
//! known by depends on the family alone, not on who was known first. Where two could be meant,
//! nobody is: keeping it with the first would let chance decide who gets whose rights.

/// What matters of somebody; the address as Slack has it, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub email: String,
    /// Neither a guest nor an app: the address of those proves nothing.
    pub is_member: bool,
    pub is_gone: bool,
}

/// The part before the `@`; none of what is no address.
pub fn local_part(email: &str) -> Option<&str> {
    let (local, domain) = email.rsplit_once('@')?;
    (!local.is_empty() && !domain.is_empty()).then_some(local)
}

/// By what each of a family is known, in their order. With a `domain`, a member whose address is of
/// another one borrows that of the same name at the domain, unless
///
/// - it is somebody's own, whoever that is: a guest's, an app's, or of somebody who left;
/// - another member could borrow it, too. Somebody who left counts: groups may still name them.
pub fn addresses(family: &[Claim], domain: Option<&str>) -> Vec<Option<String>> {
    let members = || family.iter().filter(|it| it.is_member);
    // Slack gives an address to one member at a time; should two have it, it is not clear whose it is.
    let is_shared = |email: &str| {
        let here = members().filter(|it| !it.is_gone && it.email == email);
        here.count() > 1
    };
    let borrowed = |claim: &Claim| {
        let wanted = at_domain(&claim.email, domain?)?;
        let is_owned = family.iter().any(|it| it.email == wanted);
        let same = |it: &&Claim| at_domain(&it.email, domain.unwrap_or_default()).is_some();
        let is_disputed = members().filter(same).count() > 1;
        (!is_owned && !is_disputed).then_some(wanted)
    };
    family
        .iter()
        .map(|claim| {
            local_part(&claim.email).filter(|_| claim.is_member)?;
            if claim.is_gone {
                return Some(claim.email.clone());
            }
            if is_shared(&claim.email) {
                return None;
            }
            borrowed(claim).or_else(|| Some(claim.email.clone()))
        })
        .collect()
}

/// The same name at `domain`; none of an address that is there already.
pub fn at_domain(email: &str, domain: &str) -> Option<String> {
    let wanted = format!("{}@{domain}", local_part(email)?);
    (wanted != email).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn member(email: &str) -> Claim {
        Claim {
            email: email.into(),
            is_member: true,
            is_gone: false,
        }
    }

    fn guest(email: &str) -> Claim {
        Claim {
            is_member: false,
            ..member(email)
        }
    }

    fn gone(email: &str) -> Claim {
        Claim {
            is_gone: true,
            ..member(email)
        }
    }

    fn known_by(family: &[Claim]) -> Vec<String> {
        let all = addresses(family, Some("corp.test")).into_iter();
        all.map(|it| it.unwrap_or_else(|| "-".into())).collect()
    }

    #[test]
    fn a_member_from_elsewhere_is_known_by_the_teams_domain() {
        assert_eq!(known_by(&[member("ana@corp.test")]), ["ana@corp.test"]);
        assert_eq!(known_by(&[member("ana@else.test")]), ["ana@corp.test"]);
        assert_eq!(known_by(&[member("a@b@else.test")]), ["a@b@corp.test"]);
        assert_eq!(
            addresses(&[member("ana@else.test")], None),
            [Some("ana@else.test".to_owned())]
        );
    }

    #[test]
    fn guests_apps_and_what_is_no_address_are_known_by_none() {
        assert_eq!(known_by(&[guest("ana@else.test")]), ["-"]);
        assert_eq!(known_by(&[guest("ana@corp.test")]), ["-"]);
        for email in ["ana", "@corp.test", "ana@", ""] {
            assert_eq!(known_by(&[member(email)]), ["-"], "{email}");
        }
    }

    #[test]
    fn what_is_somebodys_own_is_not_borrowed() {
        for owner in [
            member("ana@corp.test"),
            guest("ana@corp.test"),
            gone("ana@corp.test"),
        ] {
            let found = known_by(&[member("ana@else.test"), owner]);
            assert_eq!(found[0], "ana@else.test");
        }
    }

    #[test]
    fn what_two_could_borrow_nobody_borrows() {
        let two = [member("ana@a.test"), member("ana@b.test")];
        assert_eq!(known_by(&two), ["ana@a.test", "ana@b.test"]);
        let with_leaver = [member("ana@a.test"), gone("ana@b.test")];
        assert_eq!(known_by(&with_leaver), ["ana@a.test", "ana@b.test"]);
        // A guest borrows nothing, so nothing is disputed.
        let with_guest = [member("ana@a.test"), guest("ana@b.test")];
        assert_eq!(known_by(&with_guest), ["ana@corp.test", "-"]);
    }

    #[test]
    fn nobody_else_takes_a_members_own_address_from_them() {
        let with_guest = [member("ana@corp.test"), guest("ana@corp.test")];
        assert_eq!(known_by(&with_guest), ["ana@corp.test", "-"]);
        let came_back = [gone("ana@corp.test"), member("ana@corp.test")];
        assert_eq!(known_by(&came_back)[1], "ana@corp.test");
        // Two at once are an error of somebody's, and rights are not given by chance.
        let two = [member("ana@corp.test"), member("ana@corp.test")];
        assert_eq!(known_by(&two), ["-", "-"]);
    }

    proptest! {
        #[test]
        fn nobody_is_known_by_what_is_somebody_elses(
            family in proptest::collection::vec(
                ("ana@(corp|a|b)[.]test", any::<bool>(), any::<bool>()).prop_map(
                    |(email, is_member, is_gone)| Claim { email, is_member, is_gone },
                ),
                0..6,
            ),
        ) {
            let known = addresses(&family, Some("corp.test"));
            for (index, address) in known.iter().enumerate() {
                let Some(address) = address else { continue };
                prop_assert!(family[index].is_member);
                for (other, claim) in family.iter().enumerate().filter(|it| it.0 != index) {
                    let both_here = !claim.is_gone && !family[index].is_gone;
                    prop_assert!(!both_here || known[other].as_ref() != Some(address));
                    let is_borrowed = *address != family[index].email;
                    prop_assert!(!is_borrowed || claim.email != *address);
                }
            }
            let mut turned = family.clone();
            turned.reverse();
            let mut again = addresses(&turned, Some("corp.test"));
            again.reverse();
            prop_assert_eq!(known, again);
        }
    }
}
