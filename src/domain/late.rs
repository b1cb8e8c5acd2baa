//! What waited too long: many lines that Slack did not take when they were said are told in one,
//! so that nobody is flooded when it takes them again. Nothing is left out.

use std::time::Duration;

use super::{
    actor::Identity,
    delivery::Task,
    effect::{Line, Spoken},
    ids::{DeliveryId, PersonId},
    outage::Role,
    time::Timestamp,
};

/// A line that comes later than this says when it was said.
pub const LATE: Duration = Duration::from_secs(5 * 60);

/// How many lines one message tells; more would have to be cut to nothing.
pub const TOLD_MOST: usize = 20;

/// A delivery of one lane that nobody has begun.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub id: DeliveryId,
    pub at: Timestamp,
    pub task: Task,
}

/// What the first of them does for the others, too.
#[derive(Clone, Debug, PartialEq)]
pub struct Together {
    pub task: Task,
    /// What need not be done any more.
    pub folded: Vec<DeliveryId>,
}

/// Whether a delivery can tell what waits behind it. What was shared has to be found again, when
/// its source is edited or deleted, so each stays a message of its own.
pub fn can_lead(task: &Task) -> bool {
    match task {
        Task::Say { line } => !matches!(line, Line::Shared { .. }),
        Task::TellRoles { .. } => true,
        _ => false,
    }
}

/// `first` with what waits `behind` it, in its order; none when it stays alone.
pub fn together(first: &Waiting, behind: &[Waiting]) -> Option<Together> {
    match &first.task {
        Task::Say { line } if can_lead(&first.task) => lines(first, line, behind),
        Task::TellRoles {
            person,
            gained,
            lost,
        } => roles(*person, gained, lost, behind),
        _ => None,
    }
}

fn lines(first: &Waiting, line: &Line, behind: &[Waiting]) -> Option<Together> {
    let mut told = Told::default();
    match line {
        Line::CaughtUp { lines } => told.lines.clone_from(lines),
        line => told.add(first.id, first.at, line),
    }
    let mut folded = Vec::new();
    for waiting in behind {
        let taken = match &waiting.task {
            Task::Say {
                line: Line::Shared { .. } | Line::CaughtUp { .. },
            } => false,
            Task::Say { line } if told.lines.len() < TOLD_MOST => {
                told.add(waiting.id, waiting.at, line);
                true
            }
            Task::Amend {
                line,
                by,
                to_version,
                ..
            } => told.amend(*line, by, *to_version),
            _ => false,
        };
        if taken {
            folded.push(waiting.id);
        }
    }
    let line = Line::CaughtUp { lines: told.lines };
    (!folded.is_empty()).then_some(Together {
        task: Task::Say { line },
        folded,
    })
}

#[derive(Default)]
struct Told {
    lines: Vec<Spoken>,
    /// Which delivery's changes stand in which line.
    changes: Vec<(DeliveryId, usize)>,
}

impl Told {
    fn add(&mut self, id: DeliveryId, at: Timestamp, line: &Line) {
        let Line::Changes { by, to_version, .. } = line else {
            self.lines.push(Spoken {
                at,
                line: line.clone(),
            });
            return;
        };
        // Changes right after changes are one: only what stands in the end matters.
        let follows = matches!(
            self.lines.last(),
            Some(Spoken {
                line: Line::Changes { .. },
                ..
            })
        );
        if !follows {
            self.lines.push(Spoken {
                at,
                line: line.clone(),
            });
        }
        let last = self.lines.len() - 1;
        self.extend(last, by, *to_version);
        self.changes.push((id, last));
    }

    /// Whether the line that it amends is told here.
    fn amend(&mut self, of: DeliveryId, by: &[Identity], to_version: i64) -> bool {
        let Some((_, index)) = self.changes.iter().find(|(id, _)| *id == of) else {
            return false;
        };
        self.extend(*index, by, to_version);
        true
    }

    fn extend(&mut self, index: usize, also_by: &[Identity], until: i64) {
        if let Line::Changes { by, to_version, .. } = &mut self.lines[index].line {
            *to_version = until.max(*to_version);
            for identity in also_by {
                if !by.contains(identity) {
                    by.push(identity.clone());
                }
            }
        }
    }
}

/// One message to a person, about what is different in the end.
fn roles(person: PersonId, gained: &[Role], lost: &[Role], behind: &[Waiting]) -> Option<Together> {
    let mut steps = vec![(gained, lost)];
    let mut folded = Vec::new();
    for waiting in behind {
        if let Task::TellRoles {
            person: to,
            gained,
            lost,
        } = &waiting.task
            && *to == person
        {
            steps.push((gained, lost));
            folded.push(waiting.id);
        }
    }
    if folded.is_empty() {
        return None;
    }
    let mut before_and_after: Vec<(Role, bool, bool)> = Vec::new();
    for (gained, lost) in steps {
        let changed = gained.iter().map(|it| (*it, true));
        for (role, has) in changed.chain(lost.iter().map(|it| (*it, false))) {
            match before_and_after.iter_mut().find(|it| it.0 == role) {
                Some(known) => known.2 = has,
                None => before_and_after.push((role, !has, has)),
            }
        }
    }
    let those = |before: bool, after: bool| {
        let changed = before_and_after.iter();
        let wanted = changed.filter(|it| (it.1, it.2) == (before, after));
        wanted.map(|it| it.0).collect()
    };
    Some(Together {
        task: Task::TellRoles {
            person,
            gained: those(false, true),
            lost: those(true, false),
        },
        folded,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ShareId;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_epoch(1_772_366_400 + minutes * 60)
    }

    fn by(person: i64) -> Identity {
        Identity::Person {
            id: PersonId(person),
        }
    }

    fn waits(id: i64, task: Task) -> Waiting {
        Waiting {
            id: DeliveryId(id),
            at: at(id),
            task,
        }
    }

    fn update(text: &str) -> Line {
        Line::Update {
            by: by(1),
            text: text.into(),
        }
    }

    fn say(id: i64, line: Line) -> Waiting {
        waits(id, Task::Say { line })
    }

    fn changes(who: &[i64], from_version: i64, to_version: i64) -> Line {
        Line::Changes {
            by: who.iter().copied().map(by).collect(),
            from_version,
            to_version,
        }
    }

    fn told(together: &Together) -> Vec<Spoken> {
        match &together.task {
            Task::Say {
                line: Line::CaughtUp { lines },
            } => lines.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn folded(together: &Together) -> Vec<i64> {
        together.folded.iter().map(|it| it.0).collect()
    }

    #[test]
    fn lines_are_told_in_their_order_with_their_times() {
        let behind = [say(2, update("b")), say(3, update("c"))];
        let together = together(&say(1, update("a")), &behind).unwrap();
        let lines = told(&together);
        let expected: Vec<Spoken> = [(1, "a"), (2, "b"), (3, "c")]
            .map(|(id, text)| Spoken {
                at: at(id),
                line: update(text),
            })
            .into();
        assert_eq!(lines, expected);
        assert_eq!(folded(&together), [2, 3]);
    }

    #[test]
    fn a_line_alone_stays_as_it_is() {
        assert_eq!(together(&say(1, update("a")), &[]), None);
        let refresh = [waits(2, Task::Refresh)];
        assert_eq!(together(&say(1, update("a")), &refresh), None);
    }

    #[test]
    fn shares_stay_messages_of_their_own() {
        let share = || Line::Shared { share: ShareId(7) };
        assert_eq!(together(&say(1, share()), &[say(2, update("b"))]), None);
        let behind = [say(2, share()), say(3, update("c"))];
        let together = together(&say(1, update("a")), &behind).unwrap();
        assert_eq!(folded(&together), [3]);
    }

    #[test]
    fn changes_in_a_row_become_one_with_everybody_who_had_a_part() {
        let amend = |id, line| {
            let task = Task::Amend {
                line: DeliveryId(line),
                by: vec![by(1), by(3)],
                from_version: 1,
                to_version: 9,
            };
            waits(id, task)
        };
        let behind = [
            say(2, changes(&[2], 2, 3)),
            amend(3, 2),
            // Of a line that stands in the thread already.
            amend(4, 77),
        ];
        let together = together(&say(1, changes(&[1], 1, 2)), &behind).unwrap();
        let lines = told(&together);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].line, changes(&[1, 2, 3], 1, 9));
        assert_eq!(folded(&together), [2, 3]);
    }

    #[test]
    fn what_is_told_together_may_grow_but_not_without_end() {
        let many: Vec<Waiting> = (2..100).map(|id| say(id, update("more"))).collect();
        let first = together(&say(1, update("a")), &many).unwrap();
        assert_eq!(told(&first).len(), TOLD_MOST);
        let next = waits(1, first.task.clone());
        assert_eq!(together(&next, &many[TOLD_MOST..]), None);

        let few = together(&say(1, update("a")), &many[..1]).unwrap();
        let grown = together(&waits(1, few.task), &many[1..3]).unwrap();
        assert_eq!(told(&grown).len(), 4);
    }

    #[test]
    fn roles_are_told_as_they_are_in_the_end() {
        let tell = |id, gained: &[Role], lost: &[Role]| {
            let task = Task::TellRoles {
                person: PersonId(5),
                gained: gained.to_vec(),
                lost: lost.to_vec(),
            };
            waits(id, task)
        };
        let (solution, communication) = (Role::Solution, Role::Communication);
        let behind = [
            tell(2, &[communication], &[solution]),
            tell(3, &[], &[communication]),
            tell(4, &[communication], &[]),
        ];
        let together = together(&tell(1, &[solution], &[]), &behind).unwrap();
        let expected = tell(0, &[communication], &[]).task;
        assert_eq!(together.task, expected);
        assert_eq!(folded(&together), [2, 3, 4]);
    }
}
