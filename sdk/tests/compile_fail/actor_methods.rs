use wask::prelude::*;

#[wask::value]
struct Counter {
    count: i64,
}

#[wask::actor]
impl Counter {
    fn new() -> Self {
        Self { count: 0 }
    }

    fn into_value(self) -> i64 {
        self.count
    }

    fn boxed(self: Box<Self>) {}

    async fn later(&self) {}

    fn of<T: Into<i64>>(&mut self, value: T) {
        self.count = value.into();
    }

    fn named(&self, name: &str) -> bool {
        name.is_empty()
    }

    fn late(&self, by: i64, ctx: &Ctx) -> i64 {
        by + i64::from(ctx.attempt())
    }

    fn chained(&mut self) -> &mut Self {
        self
    }

    #[wask(skip)]
    fn helper(&self) {}

    #[wask(media_type = "image/png")]
    fn picture(&self) -> String {
        String::new()
    }

    #[wask(timeout = "1s")]
    #[wask(timeout = "2s")]
    fn twice(&self) {}
}

wask::export![Counter];

fn main() {}
