//! `/outage help`.

use super::Message;
use crate::slack::{
    action::Action,
    kit::{self, Look},
    mrkdwn,
};

/// What follows the command, and what it does.
const FORMS: [(&str, &str); 14] = [
    ("", "opens the form to announce an outage"),
    (
        "payments cards are declined",
        "opens it with the component and the words filled in",
    ),
    ("list", "shows what is open and what ended last"),
    ("12", "shows outage 12 with its history and its buttons"),
    ("update 12 We found the cause", "tells everybody"),
    (
        "eta 12 16:30",
        "changes the ETA; `45m`, `tomorrow 9:00` and `unknown` work, too",
    ),
    ("resolve 12 The provider is back", "ends it now"),
    ("reopen 12 Cards fail again", "opens it again"),
    ("withdraw 12 It was a test", "takes a false alarm back"),
    ("merge 13 into 12", "says that 13 is the same as 12"),
    ("take 12", "takes the parts that nobody has yet"),
    ("who", "shows what you may do, and why"),
    ("who @ana", "shows what somebody else may do"),
    ("help", "shows this"),
];

/// Every form of the command with an example. `commands` are ours, the first is the one shown.
pub fn help(commands: &[String]) -> Message {
    let names: Vec<String> = commands.iter().map(|it| mrkdwn::one_line(it, 40)).collect();
    let command = names.first().map_or("/outage", String::as_str);
    let mut lines = vec!["*What you can type*".to_owned()];
    lines.extend(FORMS.map(|(words, what)| match words {
        "" => format!("`{command}` {what}"),
        words => format!("`{command} {words}` {what}"),
    }));
    lines.push("Without the words behind the number, a form asks for them.".to_owned());
    let others: Vec<String> = names
        .iter()
        .skip(1)
        .take(10)
        .map(|it| format!("`{it}`"))
        .collect();
    if !others.is_empty() {
        lines.push(format!("{} does the same.", others.join(", ")));
    }
    lines.push(
        "Mentioning Balefire with the same words works in every channel it is in. A message's menu \
         has a shortcut that announces an outage from it, and the announcement has buttons for \
         everything."
            .to_owned(),
    );
    let announce = kit::button(
        Action::Announce,
        "Announce",
        "Announce an outage",
        Look::Primary,
    );
    let mut blocks = vec![kit::section("help", &lines.join("\n"))];
    blocks.extend(kit::actions("actions", vec![announce]));
    let text = format!(
        "{command} opens the form to announce an outage, {command} list shows what is open, \
         {command} 12 shows outage 12."
    );
    Message::new(&text, blocks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slack::commands::{Parsed, Verb, parse};

    #[test]
    fn everything_is_in_it_and_does_what_it_says() {
        let commands = ["/outage".to_owned(), "/announce".to_owned()];
        insta::assert_json_snapshot!(help(&commands).to_json());
        for (words, _) in FORMS {
            assert!(
                !matches!(parse(words), Parsed::Unclear { .. } | Parsed::Form { .. }),
                "{words}"
            );
        }
        for verb in Verb::ALL.into_iter().filter(|it| *it != Verb::Show) {
            let begins = |(words, _): &(&str, &str)| words.starts_with(verb.word());
            assert!(FORMS.iter().any(begins), "{}", verb.word());
        }
    }
}
