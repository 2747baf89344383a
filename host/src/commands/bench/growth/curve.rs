//! A curve: figures by the size of something.

use serde_json::{Value, json};

use crate::output::Table;

/// One or more series over the same quantity.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    /// For programs.
    pub(super) name: &'static str,
    /// For people.
    pub(super) title: &'static str,
    /// The quantity.
    x: &'static str,
    /// What is measured, each with its unit.
    series: Vec<&'static str>,
    /// A size, and a figure for each series; some are not known on every system.
    points: Vec<(u32, Vec<Option<f64>>)>,
}

impl Curve {
    /// An empty curve of these series over `x`.
    pub(super) fn new(
        name: &'static str,
        title: &'static str,
        x: &'static str,
        series: &[&'static str],
    ) -> Self {
        Self { name, title, x, series: series.to_vec(), points: Vec::new() }
    }

    /// Adds the figures of a size.
    pub(super) fn point(&mut self, size: u32, figures: Vec<Option<f64>>) {
        self.points.push((size, figures));
    }

    /// For programs: points by series.
    pub(super) fn json(&self) -> Value {
        let points_of = |place: usize| -> Vec<Value> {
            let known = self.points.iter().filter_map(|(size, figures)| {
                let figure = figures.get(place).copied().flatten()?;
                Some(json!([size, (figure * 1e3).round() / 1e3]))
            });
            known.collect()
        };
        let series: serde_json::Map<_, _> = self
            .series
            .iter()
            .enumerate()
            .map(|(place, name)| ((*name).to_owned(), Value::Array(points_of(place))))
            .collect();
        json!({ "title": self.title, "x": self.x, "series": series })
    }

    /// For people: a row for each size.
    pub(super) fn table(&self) -> Table {
        let x: &'static str = self.x;
        let titles: Vec<&'static str> = std::iter::once(x).chain(self.series.clone()).collect();
        let mut table = Table::new(&titles);
        for (size, figures) in &self.points {
            let shown = figures.iter().map(|figure| match figure {
                Some(figure) => format!("{figure:.1}"),
                None => "-".to_owned(),
            });
            table.row(std::iter::once(size.to_string()).chain(shown));
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a figure that is not known is left out of its series and shown as a dash.
    #[test]
    fn unknown_figures_are_left_out() {
        let mut curve = Curve::new("tasks", "Tasks", "tasks", &["us", "bytes"]);
        curve.point(10, vec![Some(1.5), None]);
        curve.point(100, vec![Some(2.0), Some(7.0)]);
        let json = curve.json();
        assert_eq!(json["series"]["us"], json!([[10, 1.5], [100, 2.0]]));
        assert_eq!(json["series"]["bytes"], json!([[100, 7.0]]));
        assert!(curve.table().render(false).contains('-'));
    }
}
