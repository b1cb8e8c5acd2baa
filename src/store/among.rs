//! Asking for several rows at once, or writing them, with one parameter for all of them: a question for
//! each would be a way to the server and back for each.

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

/// What a statement can read from: `it`, with each element of the list in `parameter` as its
/// `value`, whose fields are `it.value ->> 'name'`.
pub(super) fn each(tx: &Tx, parameter: &str) -> String {
    if tx.is_postgres() {
        format!("JSONB_ARRAY_ELEMENTS({parameter}) AS it")
    } else {
        format!("JSON_EACH({parameter}) AS it")
    }
}

/// As [`each`] for a list of texts, where the `value` is the text itself.
pub(super) fn each_text(tx: &Tx, parameter: &str) -> String {
    if tx.is_postgres() {
        format!("JSONB_ARRAY_ELEMENTS_TEXT({parameter}) AS it (value)")
    } else {
        format!("JSON_EACH({parameter}) AS it")
    }
}

/// The parameter for [`among`].
pub(super) fn ids(all: impl IntoIterator<Item = i64>) -> Json<Vec<i64>> {
    Json(all.into_iter().collect())
}
