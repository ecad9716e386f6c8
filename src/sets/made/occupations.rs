//! Occupations with the share of women in them.

/// Where the shares come from.
pub const SOURCE: &str = "U.S. Bureau of Labor Statistics, Current Population Survey, 2017, rounded to per cent as in Zhao et al. 2018 (WinoBias)";

/// An occupation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Occupation {
    /// Its name.
    pub name: &'static str,
    /// Women among those employed in it, in per cent; [`SOURCE`] says of where and when.
    pub women_percent: f64,
}

const fn of(name: &'static str, women_percent: f64) -> Occupation {
    Occupation { name, women_percent }
}

/// Forty occupations by the share of women, the lowest first.
pub const OCCUPATIONS: [Occupation; 40] = [
    of("carpenter", 2.0),
    of("construction worker", 4.0),
    of("laborer", 4.0),
    of("mechanic", 4.0),
    of("driver", 6.0),
    of("sheriff", 14.0),
    of("mover", 18.0),
    of("developer", 20.0),
    of("farmer", 22.0),
    of("guard", 22.0),
    of("chief", 27.0),
    of("janitor", 34.0),
    of("lawyer", 35.0),
    of("cook", 38.0),
    of("physician", 38.0),
    of("executive", 39.0),
    of("analyst", 41.0),
    of("manager", 43.0),
    of("supervisor", 44.0),
    of("salesperson", 48.0),
    of("editor", 52.0),
    of("designer", 54.0),
    of("accountant", 61.0),
    of("auditor", 61.0),
    of("writer", 63.0),
    of("baker", 65.0),
    of("clerk", 72.0),
    of("cashier", 73.0),
    of("counselor", 73.0),
    of("attendant", 76.0),
    of("teacher", 78.0),
    of("tailor", 80.0),
    of("librarian", 84.0),
    of("assistant", 85.0),
    of("cleaner", 89.0),
    of("housekeeper", 89.0),
    of("nurse", 90.0),
    of("receptionist", 90.0),
    of("hairdresser", 92.0),
    of("secretary", 95.0),
];

/// The share of women in an occupation, in per cent, by its name in upper or lower case.
pub fn share_of_women(name: &str) -> Option<f64> {
    let name = name.to_lowercase();
    OCCUPATIONS.iter().find(|occupation| occupation.name == name).map(|occupation| occupation.women_percent)
}
