//! "Did you mean …?": the nearest of the known words. Which words are known is not decided here.

/// The known word that is nearest to `given`, if one is near enough to be meant.
pub(super) fn nearest<'a>(
    given: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // A third of the letters, so that short words do not match everything.
    let limit = (given.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|word| (distance(given, word), word))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// As [`nearest`], but over dotted names: a right name in the wrong section is recognised too.
pub(super) fn nearest_setting<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    nearest(given, known.iter().copied()).or_else(|| {
        let given = last(given);
        known.iter().copied().find(|name| last(name) == given)
    })
}

/// How many letters have to be added, taken away, changed or swapped with their neighbour
/// (optimal string alignment), without regard to case.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.to_lowercase().chars().collect();
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let changed = above[j] + usize::from(a != b);
            let mut best = changed.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_one_step() {
        assert_eq!(distance("workers", "workers"), 0);
        assert_eq!(distance("worker", "workers"), 1);
        assert_eq!(distance("wrokers", "workers"), 1);
        assert_eq!(distance("Workers", "workers"), 0);
        assert_eq!(distance("", "zone"), 4);
    }

    #[test]
    fn only_near_words_are_suggested() {
        assert_eq!(nearest("majr", ["minor", "major"]), Some("major"));
        assert_eq!(nearest("banana", ["minor", "major"]), None);
    }

    #[test]
    fn a_name_in_the_wrong_section_is_recognised() {
        let known = ["deliveries.workers", "slack.bot_token"];
        assert_eq!(
            nearest_setting("log.workers", &known),
            Some("deliveries.workers")
        );
        assert_eq!(
            nearest_setting("bot_token", &known),
            Some("slack.bot_token")
        );
        assert_eq!(
            nearest_setting("slack.bot_tokn", &known),
            Some("slack.bot_token")
        );
        assert_eq!(nearest_setting("slack.colour", &known), None);
    }
}
