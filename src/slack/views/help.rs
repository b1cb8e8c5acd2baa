//! `/outage help`.

use super::Message;
use crate::slack::{
    action::Action,
    kit::{self, Look},
    mrkdwn,
};

/// Every form of the command with an example. `commands` are ours, the first is the one shown.
pub fn help(commands: &[String]) -> Message {
    let names: Vec<String> = commands.iter().map(|it| mrkdwn::one_line(it, 40)).collect();
    let command = names.first().map_or("/outage", String::as_str);
    let forms = [
        (String::new(), "opens the form to announce an outage"),
        (
            " payments cards are declined".to_owned(),
            "opens it with the component and the words filled in",
        ),
        (" list".to_owned(), "shows what is open and what ended last"),
        (
            " 12".to_owned(),
            "shows outage 12 with its history and its buttons",
        ),
        (" help".to_owned(), "shows this"),
    ];
    let mut lines = vec!["*What you can type*".to_owned()];
    lines.extend(forms.map(|(words, what)| format!("`{command}{words}` {what}")));
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
        "The announcement has the buttons: *Update* tells everybody what is known, *Edit* \
         corrects, *Resolve* ends, *Withdraw* takes a false alarm back. Nothing changes before \
         a form is sent."
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
