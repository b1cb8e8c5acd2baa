//! The triggers that forms were opened with lately, in memory: a command or shortcut that comes
//! twice opens its form once.
//!
//! What changes something is remembered in the database, in the transaction of the change. Opening a
//! form changes nothing, and Slack itself refuses a trigger that is used up, so what is forgotten
//! here (at a restart, by another process) costs one call that does nothing.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

/// How many are known again. A trigger is good for three seconds.
const KNOWN: usize = 4096;

#[derive(Default)]
pub struct Triggers(Mutex<Lately>);

#[derive(Default)]
struct Lately {
    known: HashSet<Arc<str>>,
    /// Oldest first.
    order: VecDeque<Arc<str>>,
}

impl Triggers {
    /// Whether this trigger is new, which it is not any more after that.
    pub fn first_time(&self, trigger: &str) -> bool {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lately.known.contains(trigger) {
            return false;
        }
        if lately.order.len() >= KNOWN
            && let Some(oldest) = lately.order.pop_front()
        {
            lately.known.remove(&oldest);
        }
        let trigger: Arc<str> = trigger.into();
        lately.known.insert(trigger.clone());
        lately.order.push_back(trigger);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_is_new_once_and_the_oldest_are_forgotten() {
        let triggers = Triggers::default();
        assert!(triggers.first_time("0"));
        assert!(!triggers.first_time("0"));
        for number in 1..=KNOWN {
            assert!(triggers.first_time(&number.to_string()));
        }
        assert!(triggers.first_time("0"), "the oldest was forgotten");
        assert!(!triggers.first_time(&KNOWN.to_string()));
        let lately = triggers.0.lock().unwrap();
        assert_eq!(lately.known.len(), KNOWN);
        assert_eq!(lately.order.len(), KNOWN);
    }
}
