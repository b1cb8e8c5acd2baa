//! Looking into the database, and at what only one person sees.

use balefire::store::Db;

use serde_json::{Value, json};

use crate::{script::Who, world::World};

impl World {
    /// What only this person sees and offers to take a shared message back: its channel and time.
    pub fn offered_to_take_back(&self, who: Who) -> Option<(Value, Value)> {
        let state = self.state();
        let mut whispered = state["ephemerals"].as_array().into_iter().flatten().rev();
        let found = whispered.find(|it| {
            it["user"] == who.id() && it.to_string().contains("balefire.v1.withdraw_share")
        })?;
        Some((found["channel"].clone(), found["ts"].clone()))
    }

    pub async fn takes_back(&mut self, who: Who) {
        let Some((channel, ts)) = self.offered_to_take_back(who) else {
            return;
        };
        let node = self.living(0).await;
        self.count("take a shared message back");
        self.model.taken_back += 1;
        let body = json!({
            "user": who.name(), "channel": channel, "ts": ts,
            "action_id": "balefire.v1.withdraw_share",
        });
        self.asks_once(node, "click", body).await;
    }

    pub async fn one<T>(&self, sql: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite> + Send + Unpin,
    {
        let Db::Sqlite { readers, .. } = &self.db else {
            unreachable!()
        };
        sqlx::query_scalar(sql).fetch_one(readers).await.unwrap()
    }

    /// What this query finds for the word, which has to be asked for with `GLOB`: `LIKE` would take
    /// capital letters of an identifier for it.
    pub async fn mentions(&self, sql: &'static str, word: &str) -> Vec<i64> {
        let Db::Sqlite { readers, .. } = &self.db else {
            unreachable!()
        };
        let pattern = format!("*{word}*");
        let found = sqlx::query_scalar(sql).bind(pattern).fetch_all(readers);
        found.await.unwrap()
    }

    pub async fn bound(&self, sql: &'static str, value: &str) -> Vec<i64> {
        let Db::Sqlite { readers, .. } = &self.db else {
            unreachable!()
        };
        let found = sqlx::query_scalar(sql).bind(value).fetch_all(readers);
        found.await.unwrap()
    }

    pub async fn rows<T>(&self, sql: &'static str) -> Vec<T>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> + Send + Unpin,
    {
        let Db::Sqlite { readers, .. } = &self.db else {
            unreachable!()
        };
        sqlx::query_as(sql).fetch_all(readers).await.unwrap()
    }
}
