//! A headless Chromium in which a story does what a person does: looks, clicks, types.
//!
//! Everything waits, briefly and not forever, until the page shows what is looked for.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element, key::Key};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::environment;

/// How long something may take before the test gives up. Nothing waits this long when it works.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(30);

/// Chromium's pipe to its driver ends with the driver, and Chromium with the pipe: nothing is left
/// running however a test ends.
const FLAGS: &[&str] = &[
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--lang=en-US",
    "--window-size=1280,800",
];

pub struct Browser {
    client: Client,
    /// Where the driver takes commands that WebDriver does not have.
    devtools: String,
    story: &'static str,
    driver: Child,
    /// The process of Chromium itself.
    chromium: u64,
    /// Held open: the driver may still have something to say.
    _said: Lines<BufReader<ChildStdout>>,
    _folder: TempDir,
}

impl Browser {
    /// `story` begins the names of its screenshots.
    pub async fn start(story: &'static str) -> Browser {
        let folder = tempfile::Builder::new()
            .prefix("balefire-browser-")
            .tempdir()
            .unwrap();
        let mut driver = Command::new(environment("BALEFIRE_TEST_CHROMEDRIVER"))
            .arg("--port=0")
            .env("HOME", folder.path())
            .env("TMPDIR", folder.path())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut said = BufReader::new(driver.stdout.take().unwrap()).lines();
        let url = format!("http://127.0.0.1:{}", port(&mut said).await);
        let mut flags: Vec<String> = FLAGS.iter().map(|it| (*it).to_owned()).collect();
        let profile = folder.path().join("profile");
        flags.push(format!("--user-data-dir={}", profile.display()));
        let options = json!({ "binary": environment("BALEFIRE_TEST_CHROMIUM"), "args": flags });
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(
                [("goog:chromeOptions".to_owned(), options)]
                    .into_iter()
                    .collect(),
            )
            .connect(&url)
            .await
            .unwrap();
        let session = client.session_id().await.unwrap().unwrap();
        let chromium = client
            .capabilities()
            .and_then(|it| it["goog:processID"].as_u64())
            .unwrap();
        Browser {
            client,
            chromium,
            devtools: format!("{url}/session/{session}/goog/cdp/execute"),
            story,
            driver,
            _said: said,
            _folder: folder,
        }
    }

    pub async fn stop(mut self) {
        self.client.clone().close().await.unwrap();
        self.driver.kill().await.unwrap();
    }

    fn is_running(&self) -> bool {
        Path::new(&format!("/proc/{}", self.chromium)).exists()
    }

    /// Asks Chromium itself for what WebDriver cannot do.
    async fn devtools(&self, command: &str, parameters: Value) {
        let body = json!({ "cmd": command, "params": parameters });
        let request = reqwest::Client::new().post(&self.devtools).json(&body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{command}: {answer:?}");
    }

    /// A window as large as this, as on a desk.
    pub async fn is_sized(&self, width: u32, height: u32) {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// A phone held upright.
    pub async fn is_a_phone(&self, width: u32, height: u32) {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 2, "mobile": true });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    pub async fn prefers_dark(&self) {
        let features = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await;
    }

    pub async fn opens(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Keeps a picture of what is seen now, for people to look at.
    pub async fn keeps_picture(&self, name: &str) {
        let folder = screenshots();
        std::fs::create_dir_all(&folder).unwrap();
        let picture = self.client.screenshot().await.unwrap();
        std::fs::write(folder.join(format!("{}-{name}.png", self.story)), picture).unwrap();
    }

    /// Looks again until there is something; gives up with a picture and the words on the page.
    pub async fn until<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let looking = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        match tokio::time::timeout(PATIENCE, looking).await {
            Ok(found) => found,
            Err(_) => {
                self.keeps_picture("gave-up").await;
                let words = self
                    .evaluates("return document.body.innerText", Vec::new())
                    .await;
                panic!("never: {what}. The page says:\n{words:#}");
            }
        }
    }

    /// The words that are to be seen at a place; none when it is not to be seen.
    pub async fn words_at(&self, place: &str) -> Option<String> {
        let element = self.shown(Locator::Css(place)).await?;
        element.text().await.ok()
    }

    /// Waits until all of this is to be read at a place, and gives everything that is.
    pub async fn reads(&self, place: &str, expected: &[&str]) -> String {
        self.until(&format!("{expected:?} at {place}"), async || {
            let words = self.words_at(place).await?;
            expected
                .iter()
                .all(|it| words.contains(it))
                .then_some(words)
        })
        .await
    }

    /// Waits until nothing is to be seen at a place.
    pub async fn loses(&self, place: &str) {
        self.until(&format!("{place} is gone"), async || {
            self.words_at(place).await.is_none().then_some(())
        })
        .await;
    }

    async fn shown(&self, what: Locator<'_>) -> Option<Element> {
        for element in self.client.find_all(what).await.ok()? {
            if element.is_displayed().await.unwrap_or(false) {
                return Some(element);
            }
        }
        None
    }

    /// Clicks; what is still moving or covered is tried again.
    pub async fn clicks(&self, place: &str) {
        self.until(&format!("{place} to click on"), async || {
            let element = self.shown(Locator::Css(place)).await?;
            element.click().await.ok()
        })
        .await;
    }

    /// Clicks the button with these words.
    pub async fn presses(&self, words: &str) {
        let path = format!("//button[normalize-space(.)='{words}']");
        self.until(&format!("a button {words}"), async || {
            let element = self.shown(Locator::XPath(&path)).await?;
            element.click().await.ok()
        })
        .await;
    }

    /// Types into a field as it is, key by key.
    pub async fn types(&self, place: &str, keys: &str) {
        let field = self
            .until(&format!("{place} to type into"), async || {
                self.shown(Locator::Css(place)).await
            })
            .await;
        field.send_keys(keys).await.unwrap();
    }

    pub async fn hits_enter(&self, place: &str) {
        self.types(place, &Key::Enter.to_string()).await;
    }

    /// Presses Enter in a field of the open form.
    pub async fn hits_enter_in(&self, label: &str) {
        let place = self.field(label).await;
        self.hits_enter(&place).await;
    }

    /// The place of the field with this label in the open form.
    async fn field(&self, label: &str) -> String {
        let path = format!("//dialog[@open]//label[starts-with(normalize-space(.), '{label}')]");
        self.until(&format!("a field {label}"), async || {
            let label = self.shown(Locator::XPath(&path)).await?;
            let id = label.attr("for").await.ok()??;
            Some(format!("dialog[open] #{id}"))
        })
        .await
    }

    /// Replaces what stands in a field of the open form.
    pub async fn fills_in(&self, label: &str, text: &str) {
        let place = self.field(label).await;
        self.clicks(&place).await;
        let all = format!("{}a{}", Key::Control, Key::Null);
        self.types(&place, &all).await;
        self.types(&place, text).await;
    }

    /// What stands in a field of the open form.
    pub async fn value_of(&self, label: &str) -> String {
        let place = self.field(label).await;
        let field = self.client.find(Locator::Css(&place)).await.unwrap();
        field.prop("value").await.unwrap().unwrap()
    }

    /// Opens a list of the form, types a part of a word or nothing, and takes an option.
    pub async fn chooses(&self, label: &str, part: &str, option: &str) {
        let place = self.field(label).await;
        self.clicks(&place).await;
        if !part.is_empty() {
            self.types(&place, part).await;
        }
        let path =
            format!("//dialog[@open]//*[@role='option'][.//*[normalize-space(.)='{option}']]");
        self.until(&format!("an option {option}"), async || {
            let element = self.shown(Locator::XPath(&path)).await?;
            element.click().await.ok()
        })
        .await;
        self.until(&format!("{option} is chosen"), async || {
            (self.value_of(label).await == option).then_some(())
        })
        .await;
    }

    /// Waits for a complaint at a field of the open form.
    pub async fn complaint_at(&self, label: &str) -> String {
        let path = format!(
            "//dialog[@open]//label[starts-with(normalize-space(.), '{label}')]/..\
             /*[contains(@class, 'field-error')]"
        );
        self.until(&format!("a complaint at {label}"), async || {
            let complaint = self.shown(Locator::XPath(&path)).await?;
            complaint.text().await.ok()
        })
        .await
    }

    /// An attribute of something that is to be seen.
    pub async fn attribute(&self, place: &str, name: &str) -> Option<String> {
        let element = self.shown(Locator::Css(place)).await?;
        element.attr(name).await.ok()?
    }

    /// Whether something lies within the window, and not below the end of what scrolls around it.
    pub async fn sees_whole(&self, place: &str) -> bool {
        let script = "const it = document.querySelector(arguments[0]);
            const box = it.getBoundingClientRect();
            const room = it.parentElement.getBoundingClientRect();
            return box.top >= 0 && box.left >= 0 && box.right <= innerWidth
                && box.bottom <= Math.min(innerHeight, room.bottom) + 1;";
        self.evaluates(script, vec![json!(place)]).await == true
    }

    /// Nothing sticks out of a screen as wide as this.
    pub async fn fits(&self, width: u32) {
        let script = "return document.documentElement.scrollWidth";
        assert_eq!(self.evaluates(script, Vec::new()).await, width);
    }

    /// Runs a script in the page, to measure what nobody can read.
    async fn evaluates(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap()
    }
}

/// Its folder can be taken away when Chromium writes there no more.
impl Drop for Browser {
    fn drop(&mut self) {
        // Gone already when it was stopped.
        let _ = self.driver.start_kill();
        for _ in 0..200 {
            if !self.is_running() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The port that the driver took.
async fn port(said: &mut Lines<BufReader<ChildStdout>>) -> u16 {
    let listening = async {
        while let Some(line) = said.next_line().await.unwrap() {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                return port.trim_end_matches('.').parse().unwrap();
            }
        }
        panic!("the driver ended before it listened");
    };
    tokio::time::timeout(PATIENCE, listening).await.unwrap()
}

/// Beside what the build made.
fn screenshots() -> PathBuf {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    temporary.parent().unwrap().join("screenshots")
}
