//! Asking for several rows by their IDs at once, with one parameter for all of them.

use sqlx::types::Json;

use super::Tx;

/// A condition: `column` is one of the IDs in `$1`, which [`ids`] makes.
pub(super) fn among(tx: &Tx, column: &str) -> String {
    // As an array PostgreSQL looks each one up in an index, whatever it knows of the table.
    if tx.is_postgres() {
        format!(
            "{column} = ANY (ARRAY(SELECT CAST(value AS BIGINT) FROM JSONB_ARRAY_ELEMENTS_TEXT($1)))"
        )
    } else {
        format!("{column} IN (SELECT value FROM JSON_EACH($1))")
    }
}

/// A condition: `column` is one of the numbers that `query` finds.
pub(super) fn among_found(tx: &Tx, column: &str, query: &str) -> String {
    // As above.
    match tx.is_postgres() {
        true => format!("{column} = ANY (ARRAY({query}))"),
        false => format!("{column} IN ({query})"),
    }
}

/// A condition: `column` is one of the texts in `$1`, a list as JSON.
pub(super) fn among_texts(tx: &Tx, column: &str) -> String {
    if tx.is_postgres() {
        format!("{column} = ANY (ARRAY(SELECT JSONB_ARRAY_ELEMENTS_TEXT($1)))")
    } else {
        format!("{column} IN (SELECT value FROM JSON_EACH($1))")
    }
}

/// The parameter for [`among`].
pub(super) fn ids(all: impl IntoIterator<Item = i64>) -> Json<Vec<i64>> {
    Json(all.into_iter().collect())
}
