//! The date that a template may write: `strftime_now`, with the directives of C's strftime in English.

/// A date and time of day on somebody's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// 2024.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 60.
    pub second: u32,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

impl Date {
    /// The date of a number of seconds since 1970, in UTC.
    pub fn of_unix_time(seconds: i64) -> Self {
        let (days, second_of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400) as u32);
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
        Self { year, month, day, hour, minute, second }
    }

    /// Writes the date as a format says. Directives that are not known stay as they are.
    pub fn format(&self, format: &str) -> String {
        let mut written = String::new();
        let mut letters = format.chars();
        while let Some(letter) = letters.next() {
            if letter != '%' {
                written.push(letter);
                continue;
            }
            match letters.next() {
                // "%-d": without a zero or a space in front.
                Some('-') => match letters.next() {
                    Some(directive) => {
                        let padded = self.directive(directive);
                        let bare = padded.trim_start_matches(['0', ' ']);
                        written.push_str(if bare.is_empty() && !padded.is_empty() { "0" } else { bare });
                    }
                    None => written.push_str("%-"),
                },
                Some(directive) => written.push_str(&self.directive(directive)),
                None => written.push('%'),
            }
        }
        written
    }

    fn directive(&self, directive: char) -> String {
        let Date { year, month, day, hour, minute, second } = *self;
        let hour_of_12 = (hour + 11) % 12 + 1;
        let month_name = MONTHS.get(month.wrapping_sub(1) as usize).copied().unwrap_or_default();
        let short = |name: &str| name.chars().take(3).collect();
        match directive {
            'Y' => year.to_string(),
            'y' => format!("{:02}", year.rem_euclid(100)),
            'm' => format!("{month:02}"),
            'd' => format!("{day:02}"),
            'e' => format!("{day:2}"),
            'B' => month_name.to_owned(),
            'b' | 'h' => short(month_name),
            'A' => self.weekday_name().to_owned(),
            'a' => short(self.weekday_name()),
            'w' => self.weekday().to_string(),
            'u' => (if self.weekday() == 0 { 7 } else { self.weekday() }).to_string(),
            'j' => format!("{:03}", days(year, month, day) - days(year, 1, 1) + 1),
            'H' => format!("{hour:02}"),
            'I' => format!("{hour_of_12:02}"),
            'M' => format!("{minute:02}"),
            'S' => format!("{second:02}"),
            'p' => (if hour < 12 { "AM" } else { "PM" }).to_owned(),
            'F' => self.format("%Y-%m-%d"),
            'T' | 'X' => self.format("%H:%M:%S"),
            'R' => self.format("%H:%M"),
            'D' | 'x' => self.format("%m/%d/%y"),
            'c' => self.format("%a %b %e %H:%M:%S %Y"),
            // A clock without a zone has neither, as in Python.
            'Z' | 'z' => String::new(),
            'n' => "\n".to_owned(),
            't' => "\t".to_owned(),
            '%' => "%".to_owned(),
            other => format!("%{other}"),
        }
    }

    fn weekday(&self) -> usize {
        // The first of January 1970 was a Thursday.
        (days(self.year, self.month, self.day) + 4).rem_euclid(7) as usize
    }

    fn weekday_name(&self) -> &'static str {
        WEEKDAYS[self.weekday()]
    }
}

/// Days since the first of January 1970 in the Gregorian calendar. Years begin in March here, so that a leap day is the last.
fn days(year: i64, month: u32, day: u32) -> i64 {
    let from_march = (i64::from(month) + 9) % 12;
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * from_march + 2) / 5 + i64::from(day) - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// Year, month and day of a number of days since 1970.
fn civil(n_days: i64) -> (i64, u32, u32) {
    // Not later than the year itself.
    let mut year = 1970 + n_days.div_euclid(if n_days < 0 { 365 } else { 366 });
    while days(year + 1, 1, 1) <= n_days {
        year += 1;
    }
    let month = (1..=12).rev().find(|month| days(year, *month, 1) <= n_days).unwrap_or(1);
    (year, month, (n_days - days(year, month, 1) + 1) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_dates() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00 Thu 001"),
            (951_827_696, "2000-02-29 12:34:56 Tue 060"),
            (1_735_689_599, "2024-12-31 23:59:59 Tue 366"),
            (1_735_689_600, "2025-01-01 00:00:00 Wed 001"),
            (4_107_542_400, "2100-03-01 00:00:00 Mon 060"),
            (-1, "1969-12-31 23:59:59 Wed 365"),
        ] {
            assert_eq!(Date::of_unix_time(seconds).format("%F %T %a %j"), expected);
        }
    }

    #[test]
    fn formats_that_templates_use() {
        let date = Date { year: 2024, month: 7, day: 6, hour: 0, minute: 5, second: 9 };
        for (format, expected) in [
            ("%d %b %Y", "06 Jul 2024"),
            ("%B %d, %Y", "July 06, 2024"),
            ("%-d/%-m/%y", "6/7/24"),
            ("%A, %e. %I:%M:%S %p", "Saturday,  6. 12:05:09 AM"),
            ("%-H", "0"),
            ("100%% %Q %", "100% %Q %"),
        ] {
            assert_eq!(date.format(format), expected, "{format}");
        }
    }
}
