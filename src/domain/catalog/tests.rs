//! Plans that are right, what is refused, and random catalogues one after the other.

use proptest::prelude::*;

use super::*;

fn entry(key: &str) -> Described {
    Described::plain(key, &key.to_uppercase())
}

fn below(key: &str, parents: &[&str]) -> Described {
    let mut said = entry(key);
    said.parents = parents.iter().map(|it| ComponentKey::from(*it)).collect();
    said
}

fn with_alias(key: &str, alias: &str) -> Described {
    let mut said = entry(key);
    said.aliases.insert(alias.to_owned());
    said
}

fn retired(mut said: Described) -> Described {
    said.retired = true;
    said
}

/// The database after a plan.
fn done(known: &[Known], plan: &Plan) -> Vec<Known> {
    let mut known: BTreeMap<ComponentKey, Known> = known
        .iter()
        .map(|it| (it.said.key.clone(), it.clone()))
        .collect();
    for step in &plan.steps {
        let next = known.values().map(|it| it.id.0).max().unwrap_or(0) + 1;
        let id = step.id().unwrap_or(ComponentId(next));
        let said = step.after.clone();
        known.insert(said.key.clone(), Known { id, said });
    }
    known.into_values().collect()
}

fn provisioned(said: &[Described]) -> Vec<Known> {
    done(&[], &plan(&[], said, false).expect("a good start"))
}

#[track_caller]
fn refused(known: &[Known], wanted: &[Described]) -> Vec<Conflict> {
    plan(known, wanted, false).expect_err("something is in the way")
}

#[test]
fn what_is_new_changed_and_the_same_is_told_apart() {
    let known = provisioned(&[entry("a"), entry("b"), entry("c")]);
    let mut b = entry("b");
    b.name = "Bee".into();
    b.owner = Some("Team Bee".into());
    b.attributes.insert("region".into(), "eu".into());
    let plan = plan(&known, &[entry("a"), b, entry("d")], false).expect("fine");
    assert_eq!((plan.count(Kind::New), plan.count(Kind::Changed)), (1, 1));
    assert_eq!((plan.unchanged, plan.left), (1, 1));
    let changed = plan.steps[0].changes();
    let told: Vec<_> = changed
        .iter()
        .map(|it| (it.field.as_str(), it.old.as_str(), it.new.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("name", "B", "Bee"),
            ("owner", "", "Team Bee"),
            ("region", "", "eu")
        ]
    );
}

#[test]
fn only_pruning_retires() {
    let known = provisioned(&[entry("a"), entry("b"), entry("c")]);
    let wanted = [entry("a"), retired(entry("b"))];
    let kept = plan(&known, &wanted, false).expect("fine");
    assert_eq!((kept.steps.len(), kept.unchanged, kept.left), (0, 2, 2));
    let pruned = plan(&known, &wanted, true).expect("fine");
    assert_eq!((pruned.count(Kind::Retired), pruned.left), (2, 0));
    let known = done(&known, &pruned);
    assert_eq!(plan(&known, &wanted, true).expect("fine").steps, []);
    // Naming it again takes it back.
    let back = plan(&known, &[entry("b")], false).expect("fine");
    assert_eq!(back.count(Kind::Changed), 1);
    assert_eq!(back.steps[0].changes()[0].field, "retired");
}

#[test]
fn names_and_words_are_those_of_one_component_in_use() {
    let known = provisioned(&[with_alias("a", "first")]);
    let mut named = entry("b");
    named.name = "a".into();
    let found = refused(&known, &[named, entry("first"), with_alias("c", "a")]);
    let key = |it: &str| ComponentKey::from(it);
    let word = |it: &str, word: &str| Conflict::Word {
        key: key(it),
        word: word.into(),
        other: key("a"),
    };
    let name = Conflict::Name {
        key: key("b"),
        name: "a".into(),
        other: key("a"),
    };
    assert_eq!(found, [name, word("first", "first"), word("c", "a")]);
}

#[test]
fn a_retired_component_is_in_nobodys_way() {
    let mut known = provisioned(&[with_alias("a", "first")]);
    known[0].said.retired = true;
    let mut b = with_alias("b", "first");
    b.aliases.insert("a".into());
    b.name = "A".into();
    let plan = plan(&known, &[b], false).expect("fine");
    assert_eq!((plan.count(Kind::New), plan.count(Kind::Changed)), (1, 1));
    assert_eq!(plan.steps[1].after.aliases, BTreeSet::new());
}

#[test]
fn parents_are_there_and_in_use() {
    let mut known = provisioned(&[entry("old"), with_alias("base", "ground")]);
    known.iter_mut().for_each(|it| {
        it.said.retired = it.said.key.as_str() == "old";
    });
    let found = refused(
        &known,
        &[below("a", &["base", "ground", "nothing", "old", "b"])],
    );
    let unknown = |parent: &str, meant: Option<&str>| Conflict::UnknownParent {
        key: "a".into(),
        parent: parent.into(),
        meant: meant.map(ComponentKey::from),
    };
    let gone = Conflict::RetiredParent {
        key: "a".into(),
        parent: "old".into(),
    };
    assert_eq!(
        found,
        [
            unknown("b", None),
            unknown("ground", Some("base")),
            unknown("nothing", None),
            gone
        ]
    );
    assert!(plan(&known, &[below("a", &["b"]), below("b", &["base"])], false).is_ok());
    // Pruning would take the parent away.
    assert!(plan(&known, &[below("a", &["base"])], true).is_err());
}

#[test]
fn a_circle_is_found_also_through_what_is_in_the_database() {
    let known = provisioned(&[
        entry("a"),
        below("b", &["a"]),
        below("c", &["b"]),
        below("d", &["c"]),
    ]);
    let found = refused(&known, &[below("a", &["c"])]);
    let circle = Conflict::Circle {
        key: "a".into(),
        keys: ["a", "c", "b"].map(ComponentKey::from).to_vec(),
    };
    assert_eq!(found, [circle]);
    let own = refused(&[], &[below("a", &["a"])]);
    assert!(matches!(&own[..], [Conflict::Circle { keys, .. }] if keys.len() == 1));
}

#[test]
fn a_long_chain_and_many_ways_are_no_circle() {
    let long: Vec<Described> = (0..10_000)
        .map(|n| match n {
            0 => entry("k0"),
            1 => below("k1", &["k0"]),
            n => below(
                &format!("k{n}"),
                &[&format!("k{}", n - 1), &format!("k{}", n - 2)],
            ),
        })
        .collect();
    assert_eq!(circle(&long), None);
}

fn catalogue() -> impl Strategy<Value = Vec<Described>> {
    let one = (
        0..6_usize,
        0..6_usize,
        proptest::option::of(0..8_usize),
        proptest::collection::btree_set(0..6_usize, 0..3),
        any::<bool>(),
        0..4_u8,
    );
    proptest::collection::vec(one, 0..6).prop_map(|drawn| {
        let mut entries: BTreeMap<ComponentKey, Described> = BTreeMap::new();
        for (key, name, alias, parents, owned, fate) in drawn {
            let mut said = Described::plain(&format!("k{key}"), &format!("Name {name}"));
            said.aliases.extend(alias.map(|it| format!("k{it}")));
            said.aliases.remove(said.key.as_str());
            said.parents = parents
                .iter()
                .map(|it| ComponentKey(format!("k{it}")))
                .collect();
            said.owner = owned.then(|| "Team".to_owned());
            said.retired = fate == 0;
            entries.insert(said.key.clone(), said);
        }
        entries.into_values().collect()
    })
}

proptest! {
    /// Whatever catalogues come one after the other: what was planned once needs nothing more, and
    /// what is in use can be told apart, and stands on what is in use.
    #[test]
    fn the_same_again_changes_nothing_and_the_rules_hold(
        files in proptest::collection::vec((catalogue(), any::<bool>()), 1..6)
    ) {
        let mut known: Vec<Known> = Vec::new();
        for (file, prune) in files {
            let Ok(first) = plan(&known, &file, prune) else { continue };
            let counted = first.count(Kind::New) + first.count(Kind::Changed) + first.count(Kind::Retired);
            prop_assert_eq!(counted, first.steps.len());
            prop_assert!(first.steps.iter().all(|it| !it.changes().is_empty()));
            prop_assert!(prune || first.count(Kind::Retired) == 0);
            prop_assert!(!prune || first.left == 0);
            known = done(&known, &first);
            let again = plan(&known, &file, prune).expect("it was possible before");
            prop_assert_eq!(&again.steps, &[]);
            prop_assert_eq!(again.unchanged, file.len());

            let live: Vec<&Described> = known.iter().map(|it| &it.said).filter(|it| !it.retired).collect();
            let keys: HashSet<&ComponentKey> = live.iter().map(|it| &it.key).collect();
            let words: Vec<&str> = live.iter().flat_map(|it| it.words()).collect();
            let different: HashSet<&&str> = words.iter().collect();
            prop_assert_eq!(different.len(), words.len());
            let names: HashSet<&String> = live.iter().map(|it| &it.name).collect();
            prop_assert_eq!(names.len(), live.len());
            prop_assert!(live.iter().all(|it| it.parents.iter().all(|parent| keys.contains(parent))));
            prop_assert_eq!(circle(live.iter().copied()), None);
        }
    }
}
