//! How a hosted page looks: the operator's settings, which the page that asks may adjust. Only colours, a font's name, a
//! mode and a radius; and colours only as far as the text stays readable (WCAG 2.2 AA).

use std::fmt::Write;

use hallpass_model::{SignInSettings, ThemeMode};

/// What is legible as text (WCAG 1.4.3), and as a shape (1.4.11).
const TEXT_CONTRAST: f64 = 4.5;
const SHAPE_CONTRAST: f64 = 3.0;

const MAX_FONT_CHARS: usize = 64;

/// What may be chosen; everything else is as the style sheet says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Look {
    mode: Option<ThemeMode>,
    accent: Option<Color>,
    foreground: Option<Color>,
    background: Option<Color>,
    font: Option<String>,
    radius: Option<&'static str>,
}

impl Look {
    /// The operator's choice.
    pub(super) fn of(settings: &SignInSettings) -> Self {
        let color = |text: &Option<String>| text.as_deref().and_then(Color::parse);
        Self {
            mode: settings.theme_mode,
            accent: color(&settings.accent_color),
            foreground: color(&settings.foreground_color),
            background: color(&settings.background_color),
            font: settings.font.as_deref().and_then(font),
            radius: None,
        }
    }

    /// Takes a parameter of the page's address if it is one of the look's, and good.
    pub(super) fn adjust(&mut self, name: &str, value: &str) {
        match name {
            "portalThemeMode" => self.mode = mode(value).or(self.mode),
            "portalAccentColor" => self.accent = Color::parse(value).or(self.accent),
            "portalForegroundColor" => self.foreground = Color::parse(value).or(self.foreground),
            "portalBackgroundColor" => self.background = Color::parse(value).or(self.background),
            "portalBorderRadius" => self.radius = radius(value).or(self.radius),
            "portalFont" => {
                if let Some(font) = font(value) {
                    self.font = Some(font);
                }
            }
            _ => {}
        }
    }

    /// The same choices as parameters of an address.
    pub(super) fn parameters(&self) -> Vec<(&'static str, String)> {
        let color = |color: Option<Color>| color.map(|color| color.to_hex());
        let all = [
            (
                "portalThemeMode",
                self.mode.map(|mode| mode.as_str().to_owned()),
            ),
            ("portalAccentColor", color(self.accent)),
            ("portalForegroundColor", color(self.foreground)),
            ("portalBackgroundColor", color(self.background)),
            ("portalBorderRadius", self.radius.map(str::to_owned)),
            ("portalFont", self.font.clone()),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    /// The style sheet that makes it so, on top of the page's own.
    pub(super) fn style_sheet(&self) -> String {
        let mut rules = String::from(":root {\n");
        let mut rule = |name: &str, value: &str| {
            // Writing to a String does not fail.
            let _ = writeln!(rules, "  {name}: {value};");
        };
        if let Some(mode) = self.mode {
            rule("color-scheme", mode.as_str());
        }
        // A pair decides together: one alone, or a pair that cannot be read, leaves the page's own.
        let pair = self.foreground.zip(self.background);
        let ground = pair.filter(|(ink, ground)| ink.contrast(*ground) >= TEXT_CONTRAST);
        if let Some((ink, ground)) = ground {
            for name in ["--ink", "--quiet"] {
                rule(name, &ink.to_hex());
            }
            for name in ["--ground", "--raised"] {
                rule(name, &ground.to_hex());
            }
            rule("--line", &ink.to_hex());
        }
        if let Some(accent) = self.accent {
            rule("--button", &accent.to_hex());
            rule("--on-button", &accent.readable_on_it().to_hex());
            // The same colour for links and outlines where it can be told from the ground.
            let grounds = match (ground, self.mode) {
                (Some((_, ground)), _) => vec![ground],
                (None, Some(ThemeMode::Light)) => vec![Color::WHITE],
                (None, Some(ThemeMode::Dark)) => vec![Color::DARK],
                (None, None) => vec![Color::WHITE, Color::DARK],
            };
            let stands_out = |least: f64| grounds.iter().all(|it| accent.contrast(*it) >= least);
            if stands_out(SHAPE_CONTRAST) {
                rule("--outline", &accent.to_hex());
            }
            if stands_out(TEXT_CONTRAST) {
                rule("--link", &accent.to_hex());
            }
        }
        if let Some(font) = &self.font {
            rule("--font", &format!("\"{font}\", system-ui, sans-serif"));
        }
        if let Some(radius) = self.radius {
            rule("--radius", pixels(radius));
        }
        rules.push_str("}\n");
        rules
    }
}

fn mode(word: &str) -> Option<ThemeMode> {
    [ThemeMode::Light, ThemeMode::Dark]
        .into_iter()
        .find(|mode| mode.as_str() == word)
}

/// A font of the person's machine; nothing is loaded from anywhere.
fn font(name: &str) -> Option<String> {
    let fits = !name.is_empty()
        && name.chars().count() <= MAX_FONT_CHARS
        && name
            .chars()
            .all(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-'));
    fits.then(|| name.to_owned())
}

/// The words that public clients have for it.
fn radius(word: &str) -> Option<&'static str> {
    ["none", "xs", "sm", "md", "lg", "xl", "full"]
        .into_iter()
        .find(|known| *known == word)
}

fn pixels(radius: &str) -> &'static str {
    match radius {
        "none" => "0",
        "xs" => "2px",
        "sm" => "4px",
        "lg" => "12px",
        "xl" => "16px",
        "full" => "24px",
        _ => "8px",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Color([u8; 3]);

impl Color {
    const WHITE: Self = Self([0xFF; 3]);
    const BLACK: Self = Self([0; 3]);
    /// The ground of the page's own dark mode.
    const DARK: Self = Self([0x1A, 0x1F, 0x28]);

    /// `#rgb` or `#rrggbb`.
    fn parse(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text
            .strip_prefix('#')?
            .chars()
            .map(|digit| {
                digit
                    .to_digit(16)
                    .and_then(|digit| u8::try_from(digit).ok())
            })
            .collect::<Option<_>>()?;
        match *digits {
            [r, g, b] => Some(Self([r * 17, g * 17, b * 17])),
            [r, r2, g, g2, b, b2] => Some(Self([r * 16 + r2, g * 16 + g2, b * 16 + b2])),
            _ => None,
        }
    }

    fn to_hex(self) -> String {
        let [r, g, b] = self.0;
        format!("#{r:02x}{g:02x}{b:02x}")
    }

    /// WCAG's relative luminance.
    fn luminance(self) -> f64 {
        let [r, g, b] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Black or white, whichever can be read on it: at least 4.58 for every colour.
    fn readable_on_it(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::BLACK) {
            Self::WHITE
        } else {
            Self::BLACK
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(parameters: &[(&str, &str)]) -> Look {
        let mut look = Look::default();
        for (name, value) in parameters {
            look.adjust(name, value);
        }
        look
    }

    #[test]
    fn what_is_no_colour_mode_font_or_radius_changes_nothing() {
        for (name, value) in [
            ("portalAccentColor", "red"),
            ("portalAccentColor", "#12345"),
            ("portalAccentColor", "#12345g"),
            ("portalAccentColor", "#fff;}body{display:none"),
            ("portalAccentColor", "url(https://evil.test)"),
            ("portalThemeMode", "Dark"),
            ("portalThemeMode", "dark;"),
            ("portalFont", "\"; } * { color: red"),
            ("portalFont", "</style><script>"),
            ("portalFont", ""),
            ("portalBorderRadius", "9999px"),
            ("portalUnknown", "#ffffff"),
        ] {
            assert_eq!(look(&[(name, value)]), Look::default(), "{name}={value}");
        }
        assert_eq!(Look::default().style_sheet(), ":root {\n}\n");
        let long = "a".repeat(65);
        assert_eq!(look(&[("portalFont", &long)]), Look::default());
    }

    #[test]
    fn parameters_say_the_same_again() {
        let chosen = look(&[
            ("portalThemeMode", "dark"),
            ("portalAccentColor", "#0B5"),
            ("portalForegroundColor", "#ffffff"),
            ("portalBackgroundColor", "#101010"),
            ("portalBorderRadius", "lg"),
            ("portalFont", "Source Sans 3"),
        ]);
        let parameters = chosen.parameters();
        let again: Vec<(&str, &str)> = parameters
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!(look(&again), chosen);
        let sheet = chosen.style_sheet();
        for rule in [
            "color-scheme: dark;",
            "--button: #00bb55;",
            "--on-button: #000000;",
            "--ink: #ffffff;",
            "--ground: #101010;",
            "--outline: #00bb55;",
            "--radius: 12px;",
            "--font: \"Source Sans 3\", system-ui, sans-serif;",
        ] {
            assert!(sheet.contains(rule), "{rule} in {sheet}");
        }
    }

    #[test]
    fn a_pair_that_cannot_be_read_is_left_out() {
        for (ink, ground) in [("#777777", "#888888"), ("#ffffff", "#fffffe")] {
            let sheet = look(&[
                ("portalForegroundColor", ink),
                ("portalBackgroundColor", ground),
            ])
            .style_sheet();
            assert!(!sheet.contains("--ink"), "{sheet}");
        }
        let alone = look(&[("portalForegroundColor", "#ffffff")]).style_sheet();
        assert_eq!(alone, ":root {\n}\n");
    }

    #[test]
    fn text_on_the_button_is_readable_whatever_the_accent() {
        for step in 0_u8..=15 {
            for other in 0_u8..=15 {
                let accent = Color([step * 17, other * 17, 255 - step * 17]);
                let contrast = accent.contrast(accent.readable_on_it());
                assert!(contrast >= TEXT_CONTRAST, "{accent:?}: {contrast}");
            }
        }
    }

    #[test]
    fn a_faint_accent_colours_the_button_but_no_link_or_outline() {
        let sheet = look(&[
            ("portalAccentColor", "#eeeeee"),
            ("portalThemeMode", "light"),
        ])
        .style_sheet();
        assert!(sheet.contains("--button: #eeeeee;"), "{sheet}");
        assert!(
            !sheet.contains("--outline") && !sheet.contains("--link"),
            "{sheet}"
        );
    }
}
