//! A catalogue written as our TOML, so that reading it gives the same again.

use std::fmt::Write;

use crate::domain::component::{Described, GROUP};

/// The text of a file with these components, in their order.
pub fn write_catalog(components: &[Described]) -> String {
    let mut text =
        String::from("# Components of Balefire, as `balefire catalog export` wrote them.\n");
    for said in components {
        text.push_str("\n[[component]]\n");
        for (field, value) in fields(said) {
            // Writing into a text cannot fail.
            let _ = writeln!(text, "{field} = {value}");
        }
    }
    text
}

/// Fields that say something, with their values in TOML.
fn fields(said: &Described) -> Vec<(String, String)> {
    let mut fields = vec![
        ("key".to_owned(), quoted(said.key.as_str())),
        ("name".to_owned(), quoted(&said.name)),
    ];
    let mut field = |name: &str, value: String| fields.push((name.to_owned(), value));
    if let Some(group) = said.attributes.get(GROUP) {
        field(GROUP, quoted(group));
    }
    for (name, value) in said.attributes.iter().filter(|(name, _)| *name != GROUP) {
        field(&name_of(name), quoted(value));
    }
    if !said.aliases.is_empty() {
        field("aliases", list(said.aliases.iter().map(String::as_str)));
    }
    if !said.parents.is_empty() {
        field("parents", list(said.parents.iter().map(|it| it.as_str())));
    }
    if let Some(owner) = &said.owner {
        field("owner", quoted(owner));
    }
    if !said.links.is_empty() {
        let links = said.links.iter().map(|it| {
            let (name, url) = (quoted(&it.name), quoted(&it.url));
            format!("    {{ name = {name}, url = {url} }},\n")
        });
        field("links", format!("[\n{}]", links.collect::<String>()));
    }
    if let Some(description) = &said.description {
        field("description", paragraphs(description));
    }
    if said.retired {
        field("retired", "true".to_owned());
    }
    fields
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(quoted).collect();
    format!("[{}]", words.join(", "))
}

fn name_of(field: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    match !field.is_empty() && field.chars().all(plain) {
        true => field.to_owned(),
        false => quoted(field),
    }
}

/// Always with the quotes in which a backslash means something, so that what a terminal must not see
/// can be written otherwise.
fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text).replace('\n', "\\n"))
}

/// The lines of a longer text stay lines.
fn paragraphs(text: &str) -> String {
    match text.contains('\n') {
        true => format!("\"\"\"\n{}\"\"\"", escaped(text)),
        false => quoted(text),
    }
}

fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                written.push('\\');
                written.push(letter);
            }
            '\n' | '\t' => written.push(letter),
            it if it.is_control() => {
                let _ = write!(written, "\\u{:04X}", u32::from(it));
            }
            letter => written.push(letter),
        }
    }
    written
}
