//! What becomes of an open outage when somebody with a part in it has left the workspace.

use super::{Decision, say};
use crate::domain::{
    effect::{Effect, Event, Line},
    ids::PersonId,
    outage::{Outage, Role},
};

/// Makes the roles of `person`, who has left, free for whoever takes them, and asks: in the thread,
/// and in private the other assignee, else whoever announced the outage. Neither of them is asked
/// who is among the `gone`; then those are who `may_change` it. Nothing when there is no role to be
/// had: who notices twice asks once.
pub fn leave(
    outage: &Outage,
    person: PersonId,
    gone: &[PersonId],
    may_change: &[PersonId],
) -> Option<Decision<Outage>> {
    let had = |role: &Role| outage.roles.of(*role) == Some(person);
    let roles: Vec<Role> = Role::ALL.into_iter().filter(had).collect();
    if roles.is_empty() || !outage.is_open() {
        return None;
    }
    let mut next = outage.clone();
    for role in &roles {
        next.roles.set(*role, None);
    }
    let is_here = |it: &PersonId| *it != person && !gone.contains(it);
    let others = Role::ALL.into_iter().filter_map(|it| next.roles.of(it));
    let asked = others
        .chain([outage.roles.creator])
        .find(is_here)
        .map_or_else(
            || may_change.iter().copied().filter(is_here).collect(),
            |it| vec![it],
        );
    let mut effects = vec![
        Effect::Refresh,
        say(Line::AssigneeLeft {
            person,
            roles: roles.clone(),
        }),
    ];
    effects.extend(asked.into_iter().map(|asked| Effect::AskForAssignee {
        person: asked,
        left: person,
        roles: roles.clone(),
    }));
    Some(Decision {
        next,
        events: vec![Event::AssigneeLeft { person, roles }],
        effects,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::decide::tests::declared;

    const ANA: PersonId = PersonId(1);
    const BO: PersonId = PersonId(2);
    const CY: PersonId = PersonId(3);
    const DEE: PersonId = PersonId(4);

    fn with_roles(solution: Option<PersonId>, communication: Option<PersonId>) -> Outage {
        let mut outage = declared();
        outage.roles.solution = solution;
        outage.roles.communication = communication;
        outage
    }

    fn asked(decision: &Decision<Outage>) -> Vec<PersonId> {
        let effects = decision.effects.iter();
        effects
            .filter_map(|it| match it {
                Effect::AskForAssignee { person, .. } => Some(*person),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_role_of_somebody_who_left_is_free_and_the_other_assignee_is_asked() {
        let outage = with_roles(Some(BO), Some(CY));
        let decision = leave(&outage, CY, &[CY], &[DEE]).unwrap();
        assert_eq!(decision.next.roles.communication, None);
        assert_eq!(decision.next.roles.solution, Some(BO));
        assert_eq!(decision.next.roles.creator, ANA, "who it was stays");
        assert_eq!(asked(&decision), [BO]);
        let roles = vec![Role::Communication];
        let left = Event::AssigneeLeft { person: CY, roles };
        assert_eq!(decision.events, [left]);
        assert!(decision.effects.contains(&Effect::Refresh));
    }

    #[test]
    fn who_announced_it_is_asked_else_and_else_those_who_may_change_it() {
        let both = with_roles(Some(BO), Some(BO));
        assert_eq!(asked(&leave(&both, BO, &[BO], &[DEE]).unwrap()), [ANA]);
        let gone = [ANA, BO];
        let several = [BO, CY, DEE];
        assert_eq!(
            asked(&leave(&both, BO, &gone, &several).unwrap()),
            [CY, DEE]
        );
        // The other assignee has left, too.
        let two = with_roles(Some(BO), Some(CY));
        assert_eq!(asked(&leave(&two, CY, &[BO, CY], &[DEE]).unwrap()), [ANA]);
        // Whoever announced it has left themselves.
        let own = with_roles(Some(ANA), Some(ANA));
        assert_eq!(asked(&leave(&own, ANA, &[ANA], &[]).unwrap()), []);
    }

    #[test]
    fn noticing_twice_asks_once_and_what_is_over_asks_nobody() {
        let outage = with_roles(Some(BO), Some(BO));
        let first = leave(&outage, BO, &[BO], &[]).unwrap();
        assert!(leave(&first.next, BO, &[BO], &[]).is_none());
        assert!(leave(&outage, DEE, &[DEE], &[]).is_none());
        // Who comes back, takes it and leaves again is asked about again.
        let mut again = first.next;
        again.roles.communication = Some(BO);
        assert!(leave(&again, BO, &[BO], &[]).is_some());
        let mut over = outage;
        over.phase = crate::domain::outage::Phase::Withdrawn {
            at: over.started_at,
            by: crate::domain::actor::Identity::Person { id: ANA },
            why: "a false alarm".into(),
            duplicate_of: None,
        };
        assert!(leave(&over, BO, &[BO], &[]).is_none());
    }
}
