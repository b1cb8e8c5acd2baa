//! The way through a group and the groups within it: each is read once, however they contain each
//! other, and there is an end to it.

use std::collections::{HashSet, VecDeque};

use super::{page::Place, unread::Unread};

/// Groups within groups: nobody means more than this, and each is at least one question.
const DEEPEST: usize = 20;
const MOST_GROUPS: usize = 500;

/// 400,000 memberships.
const MOST_PAGES: usize = 2_000;

pub struct Walk {
    root: String,
    waiting: VecDeque<Place>,
    /// Addresses and IDs of groups that were met.
    met: HashSet<String>,
    groups: usize,
    pages: usize,
}

impl Walk {
    pub fn from(root: String) -> Walk {
        let place = Place {
            key: root.clone(),
            name: root.clone(),
            within: None,
            depth: 0,
        };
        Walk {
            met: HashSet::from([root.clone()]),
            root,
            waiting: VecDeque::from([place]),
            groups: 0,
            pages: 0,
        }
    }

    /// The next group to read.
    pub fn group(&mut self) -> Result<Option<Place>, Unread> {
        let Some(place) = self.waiting.pop_front() else {
            return Ok(None);
        };
        self.groups += 1;
        if self.groups > MOST_GROUPS {
            return Err(self.too_much(format!("it has more than {MOST_GROUPS} groups in it")));
        }
        if place.depth > DEEPEST {
            let what = format!("groups are nested in it more than {DEEPEST} deep");
            return Err(self.too_much(what));
        }
        Ok(Some(place))
    }

    /// Another page is read.
    pub fn page(&mut self) -> Result<(), Unread> {
        self.pages += 1;
        match self.pages > MOST_PAGES {
            true => Err(self.too_much(format!("it has more than {MOST_PAGES} pages"))),
            false => Ok(()),
        }
    }

    /// A group was met within `outer`, by its ID, its address, or both.
    pub fn meet(&mut self, id: Option<String>, address: Option<String>, outer: &Place) {
        // By either: what was asked for by its address may turn up again with an ID.
        let names: Vec<String> = id.iter().chain(&address).cloned().collect();
        let met = names.iter().any(|it| self.met.contains(it));
        self.met.extend(names);
        let (Some(key), false) = (id.clone().or_else(|| address.clone()), met) else {
            return;
        };
        self.waiting.push_back(Place {
            name: address.unwrap_or_else(|| key.clone()),
            key,
            within: Some(self.root.clone()),
            depth: outer.depth + 1,
        });
    }

    fn too_much(&self, what: String) -> Unread {
        let group = self.root.clone();
        Unread::TooMuch { group, what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(walk: &mut Walk) -> Vec<String> {
        let places = std::iter::from_fn(|| walk.group().expect("within the limits"));
        places.map(|it| it.key).collect()
    }

    #[test]
    fn each_group_is_read_once_whatever_it_is_called() {
        let mut walk = Walk::from("root@x".into());
        let root = walk.group().expect("root").expect("root");
        let some = |text: &str| Some(text.to_owned());
        walk.meet(some("01"), some("inner@x"), &root);
        walk.meet(some("01"), None, &root);
        walk.meet(None, some("inner@x"), &root);
        walk.meet(some("02"), some("root@x"), &root);
        walk.meet(some("02"), None, &root);
        walk.meet(None, some("other@x"), &root);
        walk.meet(None, None, &root);
        assert_eq!(all(&mut walk), ["01", "other@x"]);
    }

    #[test]
    fn there_is_an_end_to_pages_groups_and_depth() {
        let mut walk = Walk::from("root@x".into());
        let pages = (0..).take_while(|_| walk.page().is_ok());
        assert_eq!(pages.count(), MOST_PAGES);

        let root = walk.group().expect("root").expect("root");
        for n in 0..MOST_GROUPS {
            walk.meet(Some(n.to_string()), None, &root);
        }
        for _ in 1..MOST_GROUPS {
            assert!(walk.group().expect("within the limit").is_some());
        }
        let error = walk.group().err().map(|it| it.to_string());
        assert!(error.is_some_and(|it| it.contains("more than 500 groups")));

        let mut walk = Walk::from("root@x".into());
        for depth in 0..=DEEPEST {
            let place = walk.group().expect("within the limit").expect("a group");
            walk.meet(Some(depth.to_string()), None, &place);
        }
        let error = walk.group().err().map(|it| it.to_string());
        assert!(error.is_some_and(|it| it.contains("more than 20 deep")));
    }
}
