//! Looking into the database.

use balefire::store::Db;

use crate::world::World;

impl World {
    pub async fn one<T>(&self, sql: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite> + Send + Unpin,
    {
        let Db::Sqlite { readers, .. } = &self.db else {
            unreachable!()
        };
        sqlx::query_scalar(sql).fetch_one(readers).await.unwrap()
    }

    /// How many rows of this query have the word in them.
    pub async fn mentions(&self, sql: &'static str, word: &str) -> Vec<i64> {
        let Db::Sqlite { readers, .. } = &self.db else {
            unreachable!()
        };
        let like = format!("%{word}%");
        let found = sqlx::query_scalar(sql).bind(like).fetch_all(readers);
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
