//! What is written can be read, and is the same then.

use proptest::prelude::*;

use super::*;
use crate::domain::{
    component::{Described, Link},
    ids::ComponentKey,
};

/// Texts with all that a file could trip over; nothing at their ends, where it would be cut off.
fn text(pattern: &'static str) -> impl Strategy<Value = String> {
    pattern.prop_map(|it| it.trim().to_owned())
}

fn said() -> impl Strategy<Value = Described> {
    let line = || text("[a\"\\\\'#=é\u{202e}🔥\u{200b} \\[{}$]{0,12}");
    let field = prop_oneof!["region", "market", "x[ .\"'\\\\é=]{1,4}zzzzz"];
    (
        text("[A-Z\"\\\\'#é\u{202e}🔥 ]{1,20}"),
        proptest::collection::btree_map(field, line(), 0..3),
        proptest::option::of(line()),
        proptest::option::of(text("[a\"\\\\'\n\té# ]{0,30}")),
        proptest::collection::vec("https://x\\.test/[a-z'\"#?=&%]{0,9}", 0..3),
        any::<bool>(),
    )
        .prop_map(|(name, attributes, owner, description, urls, retired)| {
            let link = |(n, url): (usize, String)| Link {
                name: format!("Link \"{n}\""),
                url,
            };
            let spoken = |it: &String| !it.is_empty();
            Described {
                owner: owner.filter(spoken),
                description: description.filter(spoken),
                links: urls.into_iter().enumerate().map(link).collect(),
                attributes: attributes
                    .into_iter()
                    .map(|(field, text)| (field.trim().to_owned(), text))
                    .filter(|(_, text)| spoken(text))
                    .collect(),
                retired,
                ..Described::plain("", &name)
            }
        })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(drawn in proptest::collection::vec(said(), 0..5)) {
        let mut entries = drawn;
        for (n, said) in entries.iter_mut().enumerate() {
            said.key = ComponentKey(format!("key-{n}"));
            said.name = format!("{n}{}", said.name).trim().to_owned();
            said.aliases = [format!("a{n}"), format!("b{n}")].into();
            said.parents = (0..n).map(|it| ComponentKey(format!("key-{it}"))).collect();
        }
        let text = write_catalog(&entries);
        let read = parse_catalog(&text, "written");
        prop_assert!(read.is_ok(), "{}\n{}", read.unwrap_err(), text);
        prop_assert_eq!(read.unwrap().entries, entries);
        // As the command line shows what would command a terminal.
        let shown = text.replace('\u{202e}', "\\u202e");
        let again = parse_catalog(&shown, "shown");
        prop_assert_eq!(again.map(|it| it.entries), parse_catalog(&text, "written").map(|it| it.entries));
    }
}

#[test]
fn it_is_a_file_that_people_read() {
    let file = "[[component]]\nkey = \"a\"\nname = \"A \\\"quoted\\\" name\"\nretired = false\n\
        description = \"one\\ntwo\"\nmarket = \"b2b\"\ngroup = \"Money\"\n\
        links = [{ name = \"Code\", url = \"https://x.test\" }]\nparents = [\"b\"]\n\
        [[component]]\nkey = \"b\"\nname = \"B\"\naliases = [\"bee\"]\nretired = true\n";
    let entries = parse_catalog(file, "x").expect("good").entries;
    insta::assert_snapshot!(write_catalog(&entries), @r#"
    # Components of Balefire, as `balefire catalog export` wrote them.

    [[component]]
    key = "a"
    name = "A \"quoted\" name"
    group = "Money"
    market = "b2b"
    parents = ["b"]
    links = [
        { name = "Code", url = "https://x.test" },
    ]
    description = """
    one
    two"""

    [[component]]
    key = "b"
    name = "B"
    aliases = ["bee"]
    retired = true
    "#);
}
