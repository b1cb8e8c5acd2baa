//! Sets up the logs of the process. What is logged is decided where it happens.

use std::io::{self, IsTerminal};

use tracing::Metadata;
use tracing_subscriber::filter::{EnvFilter, FilterExt, LevelFilter, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{
    Registry,
    fmt::{self, MakeWriter},
};

/// Talkative libraries, unless the filter names them itself.
const QUIET: &str = "hyper=warn,hyper_util=warn,h2=warn,rustls=warn,reqwest=warn,sqlx=warn";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines for people, with colours on a terminal.
    Human,
    /// One JSON object to a line.
    Json,
}

#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    #[error("The log filter is wrong: {0}")]
    Filter(String),
    #[error("The logs of this process are set up already.")]
    AlreadySetUp,
}

/// Sends logs to standard error from now on, so that standard output stays for what was asked for.
pub fn init(format: Format, filter: &str) -> Result<(), LogsError> {
    let in_colour = format == Format::Human && io::stderr().is_terminal();
    tracing_subscriber::registry()
        .with(lines(format, filter, in_colour, io::stderr)?)
        .try_init()
        .map_err(|_| LogsError::AlreadySetUp)
}

fn lines<W>(
    format: Format,
    filter: &str,
    in_colour: bool,
    writer: W,
) -> Result<impl Layer<Registry> + Send + Sync, LogsError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = parse(filter)
        .map_err(LogsError::Filter)?
        .and(filter_fn(is_harmless));
    let lines = fmt::layer().with_writer(writer).with_ansi(in_colour);
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match format {
        Format::Human => lines.boxed(),
        Format::Json => lines.json().flatten_event(true).boxed(),
    };
    Ok(layer.with_filter(filter))
}

/// Whether `init` would take this filter; if not, one sentence saying why.
pub fn check_filter(filter: &str) -> Result<(), String> {
    parse(filter).map(|_| ())
}

/// slack-morphism logs the bodies of answers it does not understand, which hold what people
/// wrote; yup-oauth2 logs what a token is asked for with, and the token. No filter may turn that on.
const UNHEARD: [&str; 2] = ["slack_morphism", "yup_oauth2"];

fn is_harmless(metadata: &Metadata<'_>) -> bool {
    !is_unheard(metadata.target())
}

fn is_unheard(target: &str) -> bool {
    let library = target.split("::").next();
    library.is_some_and(|it| UNHEARD.contains(&it))
}

fn parse(filter: &str) -> Result<EnvFilter, String> {
    let filter = filter.trim();
    if filter.is_empty() {
        return Err("It is empty.".to_owned());
    }
    // A bare word that is not a level would be taken for a target and silence all others.
    let stray = filter
        .split(',')
        .map(str::trim)
        .find(|part| !part.contains('=') && part.parse::<LevelFilter>().is_err());
    if let Some(part) = stray {
        return Err(format!(
            "\"{part}\" is not a level; there are error, warn, info, debug, trace and off."
        ));
    }
    // Of two directives for one target the later one counts.
    EnvFilter::builder()
        .parse(format!("{QUIET},{}", filter.replace(' ', "")))
        .map_err(|error| format!("\"{filter}\" cannot be understood: {error}."))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn levels_and_targets_are_understood() {
        for filter in [
            "info",
            "INFO",
            "warn,balefire::outbox=debug",
            "info, sqlx=trace",
            "off",
            "info,[delivery{id=7}]=debug",
        ] {
            assert_eq!(check_filter(filter), Ok(()), "{filter}");
        }
    }

    #[test]
    fn a_bad_filter_is_refused_with_a_sentence() {
        assert_eq!(
            check_filter("inof").expect_err("a typing mistake"),
            "\"inof\" is not a level; there are error, warn, info, debug, trace and off."
        );
        assert_eq!(check_filter(" ").expect_err("empty"), "It is empty.");
        let reason = check_filter("info,sqlx=loud").expect_err("no such level");
        assert!(reason.starts_with("\"info,sqlx=loud\" cannot be understood: "));
        assert!(matches!(
            init(Format::Human, "inof"),
            Err(LogsError::Filter(_))
        ));
    }

    #[test]
    fn libraries_are_quiet_unless_named() {
        let quiet = parse("debug").expect("a level").to_string();
        assert!(quiet.contains("sqlx=warn"), "{quiet}");
        let loud = parse("debug,sqlx=trace").expect("a filter").to_string();
        assert!(loud.contains("sqlx=trace") && !loud.contains("sqlx=warn"));
    }

    /// What is written while `talk` goes on.
    fn written(filter: &str, talk: impl FnOnce()) -> String {
        #[derive(Clone, Default)]
        struct Page(Arc<Mutex<Vec<u8>>>);
        impl io::Write for Page {
            fn write(&mut self, text: &[u8]) -> io::Result<usize> {
                self.0.lock().expect("a page").extend_from_slice(text);
                Ok(text.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let page = Page::default();
        let writer = page.clone();
        let lines = lines(Format::Human, filter, false, move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(lines.expect("a filter"));
        tracing::subscriber::with_default(subscriber, talk);
        let page = page.0.lock().expect("a page").clone();
        String::from_utf8(page).expect("text")
    }

    #[test]
    fn libraries_that_tell_secrets_are_never_heard() {
        for filter in [
            "trace",
            "trace,slack_morphism=trace,yup_oauth2=trace",
            "off,yup_oauth2::service_account=trace,slack_morphism::hyper_tokio=trace",
        ] {
            let page = written(filter, || {
                tracing::error!(target: "yup_oauth2", "SECRET");
                tracing::debug!(target: "yup_oauth2::service_account", "SECRET");
                tracing::info_span!(target: "yup_oauth2::authenticator", "SECRET")
                    .in_scope(|| tracing::trace!(target: "balefire::directory", "within it"));
                tracing::warn!(target: "slack_morphism::hyper_tokio::connector", "SECRET");
            });
            assert!(!page.contains("SECRET"), "{filter}: {page}");
            assert_eq!(page.contains("within it"), filter.starts_with("trace"));
        }
        assert!(!is_unheard("balefire::slack") && !is_unheard("yup"));
    }
}
