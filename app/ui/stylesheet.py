"""The one style sheet, made from the colour tokens and the size of the text."""

from app.ui.tokens import Tokens, Tone

_SHEET = """
QWidget {{ color: {text}; font-size: {base}px; }}
QMainWindow, QDialog, QWidget#page, QWidget#body {{ background: {ground}; }}
QLabel {{ background: transparent; }}
QFrame#card {{ background: {card}; border: 1px solid {line}; border-radius: 12px; }}
QFrame#header, QFrame#statusBar {{ background: {card}; border: 0; }}
QFrame#header {{ border-bottom: 1px solid {line}; }}
QFrame#statusBar {{ border-top: 1px solid {line}; }}
QFrame#rail {{ background: {card}; border: 0; border-right: 1px solid {line}; }}
QFrame#slidePanel {{ background: {card}; border: 0; border-left: 1px solid {line}; }}
QLabel#product {{ font-size: {large}px; font-weight: 700; }}
QLabel#pageTitle {{ font-size: {title}px; font-weight: 700; }}
QLabel#cardTitle {{ font-weight: 600; color: {muted}; }}
QLabel#muted {{ color: {muted}; }}
QLabel#small {{ color: {muted}; font-size: {small}px; }}
QLabel#big {{ font-size: {big}px; font-weight: 700; }}
QLabel#huge {{ font-size: {huge}px; font-weight: 700; letter-spacing: 2px; }}
QLabel#strong {{ font-weight: 600; }}

QPushButton {{
  background: {raised};
  border: 1px solid {line_strong};
  border-radius: 8px;
  padding: {pad_y}px {pad_x}px;
}}
QPushButton:hover {{ background: {sunken}; border-color: {accent}; }}
QPushButton:pressed {{ background: {line}; }}
QPushButton:focus {{ border: 2px solid {accent}; padding: {pad_y_focus}px {pad_x_focus}px; }}
QPushButton:disabled {{ color: {muted}; background: {sunken}; border-color: {line}; }}
QPushButton#primary {{ background: {accent}; border-color: {accent}; color: {on_accent}; font-weight: 600; }}
QPushButton#primary:hover {{ background: {accent_hover}; }}
QPushButton#primary:pressed {{ background: {accent_pressed}; }}
QPushButton#primary:focus {{ border: 2px solid {text}; }}
QPushButton#primary:disabled {{ background: {line}; border-color: {line}; color: {muted}; }}
QPushButton#chip {{ border-radius: {chip_radius}px; padding: 3px 12px; border-color: {line}; color: {muted}; }}
QPushButton#chip:checked {{ background: {busy_soft}; border-color: {busy}; color: {busy}; font-weight: 600; }}
QPushButton#chip:focus {{ border: 2px solid {accent}; padding: 2px 11px; }}
QPushButton#plain {{ border: 1px solid transparent; background: transparent; padding: 4px 6px; }}
QPushButton#plain:hover {{ background: {sunken}; }}
QPushButton#plain:focus {{ border: 2px solid {accent}; padding: 3px 5px; }}

QToolButton#railButton {{
  border: 2px solid transparent;
  border-radius: 10px;
  padding: 6px 2px;
  color: {muted};
  font-size: {small}px;
  background: transparent;
}}
QToolButton#railButton:hover {{ background: {sunken}; color: {text}; }}
QToolButton#railButton:checked {{ background: {busy_soft}; color: {busy}; font-weight: 600; }}
QToolButton#railButton:focus {{ border-color: {accent}; }}
QToolButton#tool {{ border: 1px solid transparent; border-radius: 8px; padding: 5px 9px; background: transparent; }}
QToolButton#tool:hover {{ background: {card}; border-color: {line_strong}; }}
QToolButton#tool:focus {{ border: 2px solid {accent}; padding: 4px 8px; }}
QToolButton#tool:disabled {{ color: {line_strong}; }}

QLineEdit, QComboBox, QPlainTextEdit {{
  background: {card};
  border: 1px solid {line_strong};
  border-radius: 8px;
  padding: {pad_y}px 10px;
  selection-background-color: {accent};
  selection-color: {on_accent};
}}
QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus {{ border: 2px solid {accent}; padding: {pad_y_focus}px 9px; }}
QComboBox::drop-down {{ border: 0; width: 26px; }}
QComboBox::down-arrow {{ image: url({chevron}); width: 14px; height: 14px; }}
QComboBox QAbstractItemView {{
  background: {raised};
  border: 1px solid {line_strong};
  selection-background-color: {busy_soft};
  selection-color: {text};
  outline: 0;
}}

QScrollArea, QAbstractScrollArea#plainScroll {{ background: transparent; border: 0; }}
QAbstractItemView {{ outline: 0; border: 0; background: {ground}; selection-color: {text}; }}
QTableView {{
  background: {card};
  border: 1px solid {line};
  border-radius: 12px;
  gridline-color: {line};
  selection-background-color: {busy_soft};
}}
QHeaderView {{ background: transparent; }}
QHeaderView::section {{
  background: {card};
  color: {muted};
  border: 0;
  border-bottom: 1px solid {line};
  padding: 7px 8px;
  font-weight: 600;
  font-size: {small}px;
}}
QHeaderView::section:hover {{ color: {text}; }}
QTableCornerButton::section {{ background: {card}; border: 0; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {line_strong}; border-radius: 4px; min-height: 36px; margin: 0 2px; }}
QScrollBar::handle:vertical:hover {{ background: {muted}; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 2px; }}
QScrollBar::handle:horizontal {{ background: {line_strong}; border-radius: 4px; min-width: 36px; margin: 2px 0; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QTableWidget QLineEdit {{ margin: 3px 4px; }}
QListWidget#plainList, QWidget#panelContent {{ background: transparent; }}
QSplitter::handle {{ background: transparent; }}
QTabBar::tab {{
  background: transparent;
  padding: 6px 12px;
  border: 0;
  border-bottom: 2px solid transparent;
  color: {muted};
}}
QTabBar::tab:selected {{ color: {busy}; border-bottom-color: {busy}; font-weight: 600; }}
QTabBar::tab:focus {{ color: {text}; }}
QMenu {{ background: {raised}; border: 1px solid {line_strong}; border-radius: 8px; padding: 6px; }}
QMenu::item {{ padding: 7px 26px 7px 14px; border-radius: 6px; }}
QMenu::item:selected {{ background: {busy_soft}; color: {text}; }}
QMenu::item:disabled {{ color: {line_strong}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: 5px 8px; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {line_strong}; padding: 6px; }}
QCheckBox, QRadioButton {{ spacing: 8px; }}
QRadioButton::indicator {{ width: 12px; height: 12px; border: 2px solid {muted}; border-radius: 8px; }}
QRadioButton::indicator:checked {{ border-color: {accent}; background: {accent}; }}
QRadioButton::indicator:focus {{ border-color: {text}; }}
"""


_TONE = """
QLabel#pill[tone="{name}"] {{
  background: {soft};
  color: {strong};
  border-radius: {radius}px;
  padding: 3px 12px;
  font-weight: 600;
}}
QLabel[ink="{name}"], QPushButton[ink="{name}"] {{ color: {strong}; font-weight: 700; }}
QFrame#verdict[tone="{name}"] {{ background: {soft}; border: 2px solid {strong}; border-radius: 14px; }}
QFrame#banner[tone="{name}"] {{ background: {soft}; border: 1px solid {strong}; border-radius: 12px; }}
"""


def style_sheet(tokens: Tokens, base_px: int, chevron: str) -> str:
    """Return the style sheet. `base_px` is the size of plain text, `chevron` the path of the drop-down arrow."""
    tones = "".join(
        _TONE.format(name=tone.value, soft=shade.soft, strong=shade.strong, radius=round(base_px * 0.74))
        for tone, shade in tokens.tones.items()
    )
    return tones + _SHEET.format(
        text=tokens.text,
        muted=tokens.text_muted,
        ground=tokens.ground,
        card=tokens.card,
        raised=tokens.raised,
        sunken=tokens.sunken,
        line=tokens.line,
        line_strong=tokens.line_strong,
        accent=tokens.accent,
        accent_hover=tokens.accent_hover,
        accent_pressed=tokens.accent_pressed,
        on_accent=tokens.on_accent,
        busy=tokens.tones[Tone.BUSY].strong,
        busy_soft=tokens.tones[Tone.BUSY].soft,
        chevron=chevron,
        base=base_px,
        small=round(base_px * 0.86),
        large=round(base_px * 1.2),
        title=round(base_px * 1.35),
        big=round(base_px * 1.75),
        huge=round(base_px * 2.6),
        pad_y=round(base_px * 0.45),
        pad_y_focus=round(base_px * 0.45) - 1,
        pad_x=round(base_px * 0.95),
        pad_x_focus=round(base_px * 0.95) - 1,
        chip_radius=round(base_px * 0.8),
    )
