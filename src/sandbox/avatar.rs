//! People's pictures: a round SVG with their initials, so that a picture needs no network.

/// Escapes nothing because initials are letters only; anything else is left out.
pub fn svg(real_name: &str, id: &str) -> String {
    let initials: String = real_name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()))
        .take(2)
        .flat_map(char::to_uppercase)
        .collect();
    // A hue from the id: the same person keeps the same colour everywhere.
    let hue = id
        .bytes()
        .fold(7_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 360);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 72 72\" width=\"72\" \
         height=\"72\"><rect width=\"72\" height=\"72\" rx=\"14\" fill=\"hsl({hue},45%,42%)\"/>\
         <text x=\"36\" y=\"46\" text-anchor=\"middle\" font-family=\"sans-serif\" \
         font-size=\"28\" font-weight=\"600\" fill=\"#fff\">{initials}</text></svg>"
    )
}
