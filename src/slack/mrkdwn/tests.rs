//! User text stays text, and cutting it never breaks it.

use proptest::prelude::*;

use super::*;
use crate::domain::ids::{PersonId, SlackUserId};

fn person(name: &str, user: &str) -> Person {
    Person {
        id: PersonId(1),
        slack_user: SlackUserId::from(user),
        name: name.into(),
        email: None,
        zone: Zone::UTC,
        picture: None,
    }
}

#[test]
fn words_stay_words() {
    assert_eq!(escape("a < b & c > d"), "a &lt; b &amp; c &gt; d");
    assert_eq!(
        escape("<!channel> <@U123>"),
        "&lt;!channel&gt; &lt;@U123&gt;"
    );
    assert_eq!(escape("&lt;!channel&gt;"), "&amp;lt;!channel&amp;gt;");
    assert_eq!(
        escape("@here, @Channel!"),
        "@\u{200d}here, @\u{200d}Channel!"
    );
    assert_eq!(escape("ana@example.com"), "ana@example.com");
    assert_eq!(escape("one\r\ntwo\u{0}\u{7}"), "one\ntwo");
    assert_eq!(escape("a\u{202e}b\u{2066}c"), "abc");
}

#[test]
fn a_cut_falls_between_entities_and_tokens() {
    assert_eq!(escape_within("a<b", 3), "a…");
    assert_eq!(escape_within("a<b", 5), "a…");
    assert_eq!(escape_within("a<b", 6), "a&lt;b");
    assert_eq!(cut("by <@U123> and others", 9), "by…");
    assert_eq!(cut("by <@U123> and others", 11), "by <@U123>…");
    assert_eq!(cut("žluťoučký", 4), "žlu…");
    assert_eq!(cut("anything", 0), "");
    // An emoji counts twice, and is never halved.
    assert_eq!(shorten("🔥🔥🔥", 4), "🔥…");
    assert_eq!(shorten("🔥🔥", 4), "🔥🔥");
}

#[test]
fn no_block_of_code_takes_in_what_follows() {
    for (text, max, expected) in [
        ("no code", 80, "no code"),
        ("```a\nb```", 80, "```a\nb```"),
        ("```a\nb", 80, "```a\nb```"),
        ("see ```one two three```", 17, "see ```one tw…```"),
        ("see ```one two three```", 9, "see `…"),
        ("```", 2, "`…"),
    ] {
        assert_eq!(cut_whole(text, max), expected, "{text}");
        assert!(width(expected) <= max);
    }
}

#[test]
fn what_is_abridged_says_where_to_read_on() {
    assert_eq!(abridge("short", 20, "(more)"), "short");
    assert_eq!(
        abridge("a rather long text", 17, "(more)"),
        "a rather… (more)"
    );
    assert_eq!(abridge("a rather long text", 5, "(more)"), "a ra…");
}

#[test]
fn people_are_pinged_only_where_that_is_meant() {
    let ana = person("Ana <@U999>", "U0ANA");
    assert_eq!(mention(&ana), "<@U0ANA>");
    assert_eq!(name(&ana), "Ana &lt;@U999&gt;");
    let strange = person("Bo", "U1> <!here");
    assert_eq!(mention(&strange), "Bo");
    assert_eq!(name(&person(" ", "U1")), "somebody");
    assert_eq!(mention_id("ana@example.com"), None);
}

#[test]
fn times_are_shown_in_the_zone_of_whoever_looks() {
    let noon = Timestamp::from_epoch(1_772_366_400);
    assert_eq!(
        date(noon),
        "<!date^1772366400^{date_short_pretty} at {time}|2026-03-01 12:00 UTC>"
    );
    let prague: Zone = "Europe/Prague".parse().unwrap();
    assert!(date_in(noon, prague).ends_with("|2026-03-01 13:00 CET>"));
}

#[test]
fn only_web_addresses_become_links() {
    assert_eq!(
        link("https://example.com/?a=1&b=2", "here & now"),
        "<https://example.com/?a=1&amp;b=2|here &amp; now>"
    );
    for bad in [
        "javascript:alert(1)",
        "mailto:ana@example.com",
        "https://example.com/|x",
        "https://example.com/><!channel>",
        "https://example.com/ x",
        "",
    ] {
        assert_eq!(link(bad, "label"), "label", "{bad:?}");
    }
}

#[test]
fn quotations_keep_their_lines() {
    assert_eq!(quote("one\ntwo\n", 100), "> one\n> two");
    assert_eq!(quote("<one>", 100), "> &lt;one&gt;");
}

#[test]
fn what_slack_sent_links_but_pings_nobody() {
    let mut ana = person("Ana <@U999> & co", "U0ANA");
    let shown = |text: &str| foreign(text, std::slice::from_ref(&ana));
    assert_eq!(shown("a &lt; b &amp; c"), "a &lt; b &amp; c");
    assert_eq!(
        shown("<@U0ANA> and <@U0BO|bo>"),
        "Ana &lt;@U999&gt; &amp; co and somebody"
    );
    assert_eq!(
        shown("<!here> <!channel|channel> <!everyone>"),
        "@\u{200d}here @\u{200d}channel @\u{200d}everyone"
    );
    assert_eq!(
        shown("<!subteam^S1|@oncall> <!subteam^S1>"),
        "@oncall a group"
    );
    assert_eq!(shown("<!subteam^S1|@here>"), "@\u{200d}here");
    assert_eq!(shown("@<!subteam^S1|here>"), "@\u{200d}here");
    assert_eq!(shown("<!date^1^{date}|noon>, <!new>"), "noon, …");
    assert_eq!(shown("<#C123|general> <#c|x>"), "<#C123> x");
    assert_eq!(
        shown("<https://example.com/?a=1&amp;b=2|the &lt;graph&gt;>"),
        "<https://example.com/?a=1&amp;b=2|the &lt;graph&gt;>"
    );
    assert_eq!(
        shown("<https://example.com/x>"),
        "<https://example.com/x|https://example.com/x>"
    );
    assert_eq!(shown("<mailto:a@b.c|a@b.c>"), "a@b.c");
    assert_eq!(shown("1 < 2 <unclosed"), "1 &lt; 2 &lt;unclosed");
    assert_eq!(shown("<<@U0BO>\n>"), "&lt;somebody\n&gt;");
    assert_eq!(shown("*bold* ```code```"), "*bold* ```code```");
    assert_eq!(mentioned("<@U1> <@W2|x> <@U1> <#C1> <!here>"), ["U1", "W2"]);
    ana.name = "here".into();
    assert_eq!(foreign("@<@U0ANA>", &[ana]), "@\u{200d}here");
}

#[test]
fn quoted_markup_keeps_its_tokens_whole() {
    let quoted = quote_markup("one\n<https://example.com/|two> three", 60);
    assert_eq!(quoted, "> one\n> <https://example.com/|two> three");
    assert_eq!(
        quote_markup("one\n<https://example.com/|two> three", 20),
        "> one\n>…"
    );
}

/// Text of everything that means something to Slack.
fn nasty() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("<!channel>".to_owned()),
        Just("<@U0EVIL>".to_owned()),
        Just("@here".to_owned()),
        Just("@@everyone".to_owned()),
        Just("&amp;".to_owned()),
        Just("🔥".to_owned()),
        Just("\n> ".to_owned()),
        "[&<>@a-z \u{0}\r]{0,5}",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

/// Parts of what Slack sends, and of what it never would.
fn sent() -> impl Strategy<Value = String> {
    let parts = [
        "<!channel>",
        "<!here|here>",
        "<@U0ANA>",
        "<@U0BO|bo>",
        "<!subteam^S1|@here>",
        "<#C1|x>",
        "<https://example.com/a?b=1&amp;c|label>",
        "<http://x|<!here>>",
        "<",
        ">",
        "@",
        "&amp;",
        "&lt;",
        "&gt;",
        "&",
        "here",
        "channel",
        "|",
        "!",
        "\n",
        " ",
        "words",
        "🔥",
        "<mailto:a@b|@channel>",
        "<!date^1^{time}|@everyone>",
        "amp;",
        "lt;!here&gt;",
    ];
    prop_oneof![
        proptest::sample::select(parts.to_vec()).prop_map(str::to_owned),
        nasty()
    ]
}

/// Whether every `&` begins an entity and there is no token and no call.
fn is_harmless(markup: &str) -> bool {
    let entities = markup
        .split('&')
        .skip(1)
        .all(|it| it.starts_with("amp;") || it.starts_with("lt;") || it.starts_with("gt;"));
    let lower = markup.to_lowercase();
    let calls = CALLS.iter().any(|word| lower.contains(&format!("@{word}")));
    entities && !calls && !markup.contains('<') && !markup.contains('>')
}

proptest! {
    #[test]
    fn nothing_anybody_types_means_anything(text in nasty(), max in 0usize..80) {
        prop_assert!(is_harmless(&escape(&text)));
        for cut in [escape_within(&text, max), one_line(&text, max), abridge(&text, max, "(more)")] {
            prop_assert!(is_harmless(&cut), "{cut:?}");
            prop_assert!(width(&cut) <= max, "{cut:?}");
        }
        prop_assert!(width(&quote(&text, max)) <= max);
        prop_assert!(width(&shorten(&text, max)) <= max);
    }

    #[test]
    fn blocks_of_code_end_where_they_are_cut(text in "[`a\n&]{0,40}", max in 0usize..60) {
        let whole = cut_whole(&escape(&text), max);
        prop_assert!(width(&whole) <= max, "{whole}");
        prop_assert!(whole.matches("```").count().is_multiple_of(2), "{whole}");
    }

    #[test]
    fn what_fits_stays_as_it_is(text in "[a-z ž🔥]{0,40}") {
        prop_assert_eq!(escape_within(&text, width(&text)), text.clone());
        prop_assert_eq!(cut(&text, width(&text)), text.clone());
    }

    #[test]
    fn what_slack_sent_can_never_ping(parts in proptest::collection::vec(sent(), 0..40), max in 0usize..200) {
        let people = [person("<!channel> @here", "U0ANA"), person("channel", "U0BO")];
        let shown = foreign(&parts.concat(), &people);
        for text in [shown.clone(), quote_markup(&shown, max)] {
            prop_assert!(!text.contains("<!") && !text.contains("<@"), "{text:?}");
            let (mut words, mut rest) = (String::new(), text.as_str());
            while let Some(start) = rest.find('<') {
                let end = rest[start..].find('>').map(|it| it + start);
                prop_assert!(end.is_some(), "{text:?}");
                let token = &rest[start + 1..end.unwrap_or(start)];
                prop_assert!(token.starts_with("https://") || token.starts_with("http://") || token.starts_with("#C"), "{text:?}");
                words.push_str(&rest[..start]);
                words.push(' ');
                rest = &rest[end.map_or(rest.len(), |it| it + 1)..];
            }
            words.push_str(rest);
            // The marks of a quotation are ours.
            prop_assert!(is_harmless(&words.replace("> ", "").replace(">…", "…")) , "{text:?}");
        }
        prop_assert!(width(&quote_markup(&shown, max)) <= max);
    }

    #[test]
    fn addresses_cannot_leave_their_link(url in "https://[&<>|a-z@! ]{0,20}", label in nasty()) {
        let link = link(&url, &label);
        let inner = match link.strip_prefix('<') {
            Some(rest) => rest.strip_suffix('>').unwrap_or("<"),
            None => &link,
        };
        prop_assert!(is_harmless(inner), "{link:?}");
    }
}

#[test]
fn nothing_that_is_left_out_hides_a_call() {
    for hidden in ["@\rchannel", "@\u{202e}here", "@\u{0}\u{2066}everyone"] {
        let shown = escape(hidden);
        assert!(shown.starts_with("@\u{200d}"), "{shown:?}");
        assert_eq!(foreign(hidden, &[]), shown);
    }
}
