struct Place {
    _name: String,
}

#[wask::task]
fn nearest(place: Place) -> Place {
    place
}

#[wask::task]
fn maybe(_places: Vec<Place>) -> Result<Place, wask::Error> {
    Err(wask::Error::new("none"))
}

fn main() {}
