//! What the log says of errors: an error of the database goes through `store::trouble`, which has a
//! sentence for it. Shown by itself it would say what a driver says.

use super::source::{Source, Violation};

/// Lines that show an error by itself, by where and what they say: these errors come from
/// elsewhere and are sentences, or are a desk's, which puts the database's into words itself.
const SENTENCES: &[(&str, &str)] = &[
    ("src/app.rs", "the server stopped"),
    ("src/app.rs", "the server crashed"),
    ("src/jobs.rs", "a worker crashed and is started again"),
    ("src/outbox/worker.rs", "an attempt at a delivery crashed"),
    ("src/slack/handlers.rs", "a request of somebody's failed"),
    (
        "src/slack/handlers/mention.rs",
        "a mention could not be answered",
    ),
    ("src/slack/handlers/open.rs", "a form could not be opened"),
    (
        "src/slack/handlers/place.rs",
        "how an announcement stands cannot",
    ),
    (
        "src/slack/handlers/preview.rs",
        "a form could not say how an ETA",
    ),
    (
        "src/slack/handlers/reaction.rs",
        "somebody may not have been asked",
    ),
    (
        "src/slack/handlers/suggest.rs",
        "components could not be suggested",
    ),
    ("src/slack/replies.rs", "a direct message could not be sent"),
    (
        "src/slack/replies.rs",
        "somebody could not be told anything",
    ),
    (
        "src/slack/deliver/channel.rs",
        "somebody could not be invited",
    ),
    ("src/slack/deliver/channel.rs", "the members of a group"),
    (
        "src/slack/ingress/answering.rs",
        "the work on a request crashed",
    ),
];

pub fn errors(sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    let ours = |it: &&Source| it.is_in("src") && !it.is_in("src/sandbox");
    for source in sources.iter().filter(ours) {
        for sign in ["%error", "?error"] {
            for (at, _) in source.text.match_indices(sign) {
                let rest = &source.text[at..];
                let statement = &rest[..rest.find(");").or(rest.find("),")).unwrap_or(rest.len())];
                let is_a_sentence = SENTENCES
                    .iter()
                    .any(|(path, said)| source.path == *path && statement.contains(said));
                if !is_a_sentence {
                    let line = source.text[..at].matches('\n').count() + 1;
                    let advice = "put an error of the database into words with \
                                  store::trouble::in_words or of_any; one that says itself what \
                                  it is belongs in the list of this rule";
                    found.push(source.violation(line, advice));
                }
            }
        }
    }
    found
}

#[test]
fn an_error_is_shown_by_itself_only_where_the_list_has_it() {
    let lines = |path, text| super::lines(errors, path, text);
    let new = "fn f() {\n    tracing::error!(%error, \"events could not be worked on\");\n}";
    assert_eq!(lines("src/jobs/inbox.rs", new), [2]);
    assert_eq!(lines("src/sandbox/x.rs", new), [] as [usize; 0]);
    let known = "f(\n    tracing::error!(\n        ?error,\n        \"the server stopped\"\n    );";
    assert_eq!(lines("src/app.rs", known), [] as [usize; 0]);
    assert_eq!(lines("src/app/health.rs", known), [3]);
}
