//! The picture as SVG: boxes and curves, colours that read on light and dark, all text escaped.

use std::fmt::Write as _;

use super::{
    layout::{Cell, arrange},
    model::Graph,
};

const ROW: usize = 48;
const BOX: usize = 30;
const GAP: usize = 70;
const MARGIN: usize = 16;
const CHARACTER: usize = 8;
const LABEL_MAX: usize = 40;

/// Draws a graph.
pub(crate) fn svg(graph: &Graph) -> String {
    let cells = arrange(graph);
    let labels: Vec<String> = graph.nodes.iter().map(|node| shorten(&node.label())).collect();
    let longest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let width = longest * CHARACTER + 20;
    let columns = cells.iter().map(|cell| cell.column + 1).max().unwrap_or(0);
    let rows = cells.iter().map(|cell| cell.row + 1).max().unwrap_or(0);
    let (w, h) = (2 * MARGIN + columns * (width + GAP), 2 * MARGIN + rows * ROW);
    let place = |cell: &Cell| (MARGIN + cell.column * (width + GAP), MARGIN + cell.row * ROW);

    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" \
         viewBox=\"0 0 {w} {h}\" font-family=\"ui-monospace, monospace\" font-size=\"13\">\n"
    );
    for edge in &graph.edges {
        if let (Some(from), Some(to)) = (cells.get(edge.from), cells.get(edge.to)) {
            let ((x1, y1), (x2, y2)) = (place(from), place(to));
            let (x1, y1, y2) = (x1 + width, y1 + BOX / 2, y2 + BOX / 2);
            let (c1, c2) = (x1 + GAP / 2, x2.saturating_sub(GAP / 2));
            let _ = writeln!(
                out,
                "<path d=\"M{x1} {y1}C{c1} {y1} {c2} {y2} {x2} {y2}\" fill=\"none\" \
                 stroke=\"#8a8f98\"/>"
            );
        }
    }
    for ((node, label), cell) in graph.nodes.iter().zip(&labels).zip(&cells) {
        let (x, y) = place(cell);
        let (tx, ty) = (x + 10, y + BOX / 2 + 5);
        let _ = writeln!(
            out,
            "<g><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{BOX}\" \
             rx=\"6\" fill=\"#eef2ff\" stroke=\"#4f6bd8\"/><text x=\"{tx}\" y=\"{ty}\" \
             fill=\"#1b1f27\">{}</text></g>",
            escape(&format!("{} ({})", node.id, node.call)),
            escape(label)
        );
    }
    out.push_str("</svg>\n");
    out
}

fn shorten(label: &str) -> String {
    if label.chars().count() <= LABEL_MAX {
        return label.to_owned();
    }
    label.chars().take(LABEL_MAX - 1).chain(['…']).collect()
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other if other.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{super::model::tests::table, *};

    #[test]
    fn names_are_text_and_never_markup() {
        let picture = svg(&Graph::by_node(&table()));
        assert!(picture.contains("a&lt;&quot;b"));
        assert!(!picture.contains("a<\"b"));
        assert_eq!(picture.matches("<path").count(), 3);
        assert!(picture.ends_with("</svg>\n"));
    }
}
