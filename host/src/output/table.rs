//! Tables for people: columns as wide as their longest cell, two spaces apart.

use super::{Color, color_of_state, escape::escape, paint};

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

#[derive(Clone, Copy, Debug)]
struct Column {
    title: &'static str,
    right: bool,
}

#[derive(Clone, Debug)]
struct Cell {
    text: String,
    color: Option<Color>,
}

impl Table {
    /// A table with these columns; a title that begins with `>` makes a column of numbers, which
    /// are aligned to the right.
    pub(crate) fn new(titles: &[&'static str]) -> Self {
        let column = |title: &&'static str| match title.strip_prefix('>') {
            Some(title) => Column { title, right: true },
            None => Column { title, right: false },
        };
        Self { columns: titles.iter().map(column).collect(), rows: Vec::new() }
    }

    /// Adds a row. Cells are escaped; names of states get their color.
    pub(crate) fn row<I: IntoIterator<Item = String>>(&mut self, cells: I) {
        let cell = |text: String| Cell { color: color_of_state(&text), text: escape(&text) };
        self.rows.push(cells.into_iter().map(cell).collect());
    }

    /// Whether it has no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text, every line ended.
    pub(crate) fn render(&self, colors: bool) -> String {
        let widths = self.widths();
        let mut out = String::new();
        let titles: Vec<Cell> = self
            .columns
            .iter()
            .map(|column| Cell { text: column.title.to_owned(), color: Some(Color::Dim) })
            .collect();
        self.render_row(&titles, &widths, colors, &mut out);
        for row in &self.rows {
            self.render_row(row, &widths, colors, &mut out);
        }
        out
    }

    fn widths(&self) -> Vec<usize> {
        let width_of = |(index, column): (usize, &Column)| {
            let cells = self.rows.iter().filter_map(|row| row.get(index));
            let widest = cells.map(|cell| cell.text.chars().count()).max().unwrap_or(0);
            widest.max(column.title.chars().count())
        };
        self.columns.iter().enumerate().map(width_of).collect()
    }

    fn render_row(&self, row: &[Cell], widths: &[usize], colors: bool, out: &mut String) {
        let mut line = String::new();
        for ((cell, column), width) in row.iter().zip(&self.columns).zip(widths) {
            let padding = " ".repeat(width.saturating_sub(cell.text.chars().count()));
            let text = match cell.color.filter(|_| colors) {
                Some(color) => paint(&cell.text, color),
                None => cell.text.clone(),
            };
            if column.right {
                line.push_str(&padding);
                line.push_str(&text);
            } else {
                line.push_str(&text);
                line.push_str(&padding);
            }
            line.push_str("  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: columns line up, numbers to the right, and cells of guests are escaped.
    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["KEY", ">RUN", "STATE"]);
        table.row(["a".into(), "12 ms".into(), "succeeded".into()]);
        table.row(["long\u{1b}".into(), "3 s".into(), "failed".into()]);
        assert_eq!(
            table.render(false),
            "KEY           RUN  STATE\na           12 ms  succeeded\nlong\\u{1b}    3 s  failed\n"
        );
        assert!(table.render(true).contains("\u{1b}[31mfailed\u{1b}[0m"));
    }
}
