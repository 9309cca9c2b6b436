"""The HTML report in a real browser: it draws, it loads nothing, nothing is cut off or overlaps.

Screenshots are kept where SLIPWAY_SCREENSHOTS names a folder."""

import glob
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import report_data
from browser import CHROMIUM, Browser
from harness import BIN, PATIENCE, ProgramTest

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../client/report/html")
WIDE, PHONE, SMALLEST = 1280, 390, 360


def read(name):
    return pathlib.Path(PAGE, name).read_text(encoding="utf-8")


def page_of(report):
    """What HtmlOfJson makes of a report."""
    data = json.dumps(report, ensure_ascii=False)
    for raw, escaped in (("<", "\\u003c"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029")):
        data = data.replace(raw, escaped)
    parts = {"/*css*/": read("report.css"), "{{data}}": data,
             "/*script*/": "".join(read(name) for name in sorted(glob.glob("*.js", root_dir=PAGE)))}
    return re.sub(r"/\*css\*/|\{\{data\}\}|/\*script\*/", lambda mark: parts[mark[0]],
                  read("report.html"))


# Texts of charts that stick out of the page or lie on one another.
CLASHES = """[...document.querySelectorAll('.plot svg')].flatMap(svg => {
  const texts = [...svg.querySelectorAll("text")]
    .map(text => [text.textContent, text.getBoundingClientRect()]);
  const found = texts.filter(([, r]) => r.left < -0.5 || r.right > document.documentElement.clientWidth + 0.5)
    .map(([text]) => 'cut off: ' + text);
  texts.forEach(([a, p], i) => texts.slice(i + 1).forEach(([b, q]) => {
    if (p.left + 1 < q.right && q.left + 1 < p.right && p.top + 4 < q.bottom && q.top + 4 < p.bottom)
      found.push(svg.closest('[data-chart]').dataset.chart + ': ' + a + ' lies on ' + b);
  }));
  return found;
})"""

# The lowest contrast of text on what is behind it, by the formula of WCAG 2.
CONTRAST = """(() => {
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(v => v / (colour.startsWith('color(') ? 1 : 255))
      .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (!/, 0\\)$|transparent/.test(colour)) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  return [...document.querySelectorAll('p, h1, h2, h3, li, dt, dd, td, th, button, code, a, .plot text')]
    .filter(e => e.textContent && e.checkVisibility() && !e.closest('nav'))
    .map(e => {
      const style = getComputedStyle(e);
      const [a, b] = [light(e.tagName === 'text' ? style.fill : style.color), light(behind(e))];
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.tagName + ' ' + e.textContent.slice(0, 40)];
    }).sort((x, y) => x[0] - y[0])[0];
})()"""


@unittest.skipIf(CHROMIUM is None, "there is no Chromium here (package chromium)")
class ReportPage(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="slipway-report-")
        cls.shots = os.environ.get("SLIPWAY_SCREENSHOTS", cls.folder.name)
        os.makedirs(cls.shots, exist_ok=True)
        cls.browser = Browser()
        cls.made = {}

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.folder.cleanup()

    def url_of(self, name):
        if name not in self.made:
            path = pathlib.Path(self.folder.name, name + ".html")
            path.write_text(page_of(report_data.ALL[name]()), encoding="utf-8")
            self.made[name] = path.as_uri()
        return self.made[name]

    def show(self, name, **view):
        self.browser.open(self.url_of(name), **view)

    def check_page(self, url, width):
        """What holds for every page, whoever made it."""
        self.browser.open(url, width=width)
        self.check_clean()
        self.assertEqual(self.count(".wrap > header h1"), 1)
        self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), width)
        self.assertEqual(self.browser.run(CLASHES), [])
        self.assertNotIn("NaN", self.browser.run(
            "[...document.querySelectorAll('.plot, td, dd')].map(each => each.innerHTML).join()"))
        self.assertNotIn("undefined", self.browser.run("document.body.innerText"))

    def count(self, selector):
        return self.browser.run(f"document.querySelectorAll({json.dumps(selector)}).length")

    def marks(self, chart, kind):
        return self.count(f"[data-chart={chart}] .plot {kind}")

    def texts(self, chart):
        return self.browser.run(
            f"[...document.querySelectorAll('[data-chart={chart}] .plot text')].map(e => e.textContent)")

    def check_clean(self):
        self.assertEqual(self.browser.errors, [])
        self.assertEqual([url for url in self.browser.requests
                          if not url.startswith(("file:", "data:"))], [])
        self.assertEqual(len([url for url in self.browser.requests if url.startswith("file:")]), 1)

    def test_every_report_draws_at_every_width(self):
        for name in report_data.ALL:
            for width in (WIDE, SMALLEST):
                with self.subTest(report=name, width=width):
                    self.check_page(self.url_of(name), width)

    def test_what_the_program_writes(self):
        server = self.start_server("--log-level", "warning")
        page = pathlib.Path(self.directory, "sweep.html")
        done = subprocess.run(
            [os.path.join(BIN, "slipway-load"), "sweep", "--levels", "1,4,16", "--trials", "2", "-d",
             "150ms", "--warmup", "0s", "--no-progress", "--pid", str(server.process.pid), "--pid",
             str(server.process.pid), "--name", "REST", "--name", "gRPC", "--output", page,
             f"http://127.0.0.1:{server.port('REST')}/users",
             f"grpc://127.0.0.1:{server.port('gRPC')}/docking.v1.Users/ListUsers"],
            capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        for width in (WIDE, SMALLEST):
            self.check_page(page.as_uri(), width)
        self.assertEqual(self.marks("latency", "path.line"), 4)
        self.assertEqual(self.marks("throughput", "path.marker"), 6)
        self.assertGreater(self.marks("cpu", "rect"), 0)

    def test_comparison_has_every_chart(self):
        self.show("comparison")
        levels = len(report_data.LEVELS)
        self.assertEqual(self.marks("latency", "path.line"), 4)  # two targets, p50 and p99
        self.assertEqual(self.marks("latency", "path.marker"), 4 * levels)
        self.assertEqual(self.marks("latency", "path.band"), 4)
        self.assertEqual(self.marks("throughput", "path.marker"), 2 * levels)
        self.assertEqual(self.marks("throughput", "path.ideal"), 2)
        self.assertEqual(self.marks("throughput", ".ring"), 2)
        self.assertEqual(self.marks("curve", "path.marker"), 2 * levels)
        self.assertEqual(self.marks("cpu", ".bar"), 2 * 2 * levels)
        self.assertEqual(self.marks("cpu", ".outline"), 2 * levels)
        self.assertEqual(self.marks("ratios", ".interval"), levels + 1)  # and the guard
        self.assertGreater(self.marks("spectrum", "path.line"), 1)
        self.assertGreater(self.marks("timeline", "path.line"), 2)
        self.assertGreater(self.marks("timeline", ".heat"), 50)
        self.assertEqual(self.marks("trials", "path.marker") % 9, 0)
        self.assertEqual(self.count("[data-table=cells] tbody tr"), 2 * levels + 1)
        self.assertEqual(self.count("[data-table=server] tbody tr"), levels)
        self.assertGreater(self.count("[data-table=failures] tbody tr"), 0)
        self.assertEqual(self.count(".target"), 2)
        self.assertEqual(self.count(".verdicts li"), 4)
        self.assertEqual(self.count(".notices .warning"), 1)

    def test_open_loop_draws_both_clocks_and_the_limit(self):
        self.show("open_loop")
        self.assertEqual(self.marks("spectrum", "path.line"), 4)
        self.assertEqual(self.marks("spectrum", "path.line[stroke-dasharray]"), 2)
        self.assertEqual(self.marks("curve", "line.guide"), 1)
        self.assertEqual(self.marks("curve", ".ring"), 1)
        self.assertEqual(self.count("[data-table=extra0] tbody tr"), 3)

    def test_throughput_that_still_grows_has_no_knee(self):
        self.show("growing")
        self.assertEqual(self.marks("throughput", "path.marker"), 3)
        self.assertEqual(self.marks("throughput", ".ring"), 0)
        self.assertNotIn("knee", self.texts("throughput"))
        self.assertNotIn("Ring", self.browser.run(
            "document.querySelector('[data-chart=throughput]').textContent"))

    def test_cpu_figures_say_whose_they_are(self):
        time = r"[\d.]+\s[µm]s"
        for name, width, figure in (
                ("growing", WIDE, f"generator {time} · machine {time}"),
                ("comparison", WIDE, rf"{time} \+ {time} · machine {time}"),
                ("comparison", SMALLEST, f"{time} of {time}")):
            with self.subTest(report=name, width=width):
                self.show(name, width=width)
                found = [text for text in self.texts("cpu") if re.fullmatch(figure, text)]
                self.assertEqual(len(found), self.marks("cpu", ".outline"))

    def test_scenarios_stand_beside_one_another(self):
        self.show("scenario")
        lines = self.browser.run("document.querySelector('.target dl').innerText").splitlines()
        self.assertIn("buy: log in → list", lines)
        self.assertIn("miss: GET /users/99", lines)
        self.assertIn("HTTP/1.1 + gRPC", lines)

    def test_one_load_gets_bars_with_whiskers(self):
        self.show("pair")
        self.assertEqual(self.count("[data-chart=latency]"), 0)
        self.assertEqual(self.marks("latency-bars", ".bar"), 3)
        self.assertEqual(self.marks("throughput-bars", ".whisker"), 3)

    def test_one_run_gets_figures(self):
        self.show("single")
        self.assertGreater(self.count(".tiles div"), 4)
        self.assertEqual(self.count(".notices .invalid"), 1)
        self.assertEqual(self.count("[data-chart=trials]"), 0)

    def test_results_of_reproduce_come_first(self):
        self.show("reproduce")
        self.assertEqual(self.browser.run("[...document.querySelectorAll('main > section')].map(e => e.id)")[:2],
                         ["targets", "results"])

    def test_failures_alone_are_told(self):
        self.show("only_failures")
        self.assertIn("Connection refused", self.browser.run("document.body.innerText"))

    def test_markup_in_data_stays_text(self):
        self.show("hostile")
        self.check_clean()
        self.assertNotEqual(self.browser.run("document.title"), "broken")
        self.assertEqual(self.count("img"), 0)
        self.assertEqual(self.count("script"), 2)
        self.assertIn("<img src=x",
                      self.browser.run("document.querySelector('.verdicts').textContent"))

    def test_legend_hides_a_target(self):
        self.show("comparison")
        self.browser.run("document.querySelector('[data-chart=latency] .legend button').click()")
        self.assertEqual(self.marks("latency", "path.line"), 2)
        self.browser.run("[...document.querySelectorAll('[data-chart=latency] .group button')].at(-1).click()")
        self.assertEqual(self.marks("latency", "path.line"), 3)

    def test_keys_read_a_chart(self):
        self.show("comparison")
        self.browser.run("document.querySelector('[data-chart=latency] .plot').focus()")
        self.browser.press("ArrowRight")
        self.browser.press("ArrowRight")
        tip = self.browser.run("document.querySelector('[data-chart=latency] .tip').innerText")
        self.assertIn("4 in flight", tip)
        self.assertIn("blocking p99", tip)
        self.browser.press("Escape")
        self.assertTrue(self.browser.run("document.querySelector('[data-chart=latency] .tip').hidden"))

    def test_pointer_shows_values_in_view(self):
        for name in ("comparison", "pair"):
            self.show(name, width=SMALLEST)
            for i in range(self.count(".plot")):
                box = self.browser.run(f"""(() => {{ const plot = document.querySelectorAll('.plot')[{i}];
                  plot.scrollIntoView({{block: 'center', behavior: 'instant'}});
                  const r = plot.getBoundingClientRect(); return [r.left + r.width * 0.8, r.top + r.height / 2]; }})()""")
                self.browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0], y=box[1])
                right = self.browser.run("Math.max(0, ...[...document.querySelectorAll('.tip:not([hidden])')]"
                                         ".map(tip => tip.getBoundingClientRect().right))")
                self.assertLessEqual(right, SMALLEST)
                self.assertEqual(self.browser.run("""[...document.querySelectorAll('.tip:not([hidden])')].filter(
                  tip => tip.scrollWidth > tip.clientWidth || tip.offsetHeight > 200).length"""), 0)
            self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), SMALLEST)
        self.check_clean()

    def test_tables_sort_and_copy(self):
        self.show("comparison")
        self.browser.run("""document.querySelectorAll('[data-table=cells] th button')[1].click();
          document.querySelectorAll('[data-table=cells] th button')[1].click()""")
        self.assertEqual(self.browser.run("document.querySelector('[data-table=cells] tbody td:nth-child(2)').textContent"),
                         "c=10,000")
        self.assertEqual(self.browser.run("document.querySelectorAll('[data-table=cells] th')[1].ariaSort"), "descending")
        self.browser.run("""window.copied = null; Object.defineProperty(navigator, 'clipboard',
          {value: {writeText: async text => { window.copied = text; }}});
          document.querySelector('[data-table=cells] .tools button').click()""")
        lines = self.browser.run("window.copied").splitlines()
        self.assertEqual(len(lines), 2 * len(report_data.LEVELS) + 2)
        self.assertIn('"c=10,000"', lines[1])

    def test_theme_follows_the_system_and_the_button(self):
        self.show("pair", dark=True)
        self.assertEqual(self.browser.run("document.documentElement.dataset.theme"), "dark")
        self.browser.run("document.querySelector('.actions button').click()")
        self.assertEqual(self.browser.run("document.documentElement.dataset.theme"), "light")

    def test_text_is_readable_in_both_themes(self):
        for dark in (False, True):
            for name in ("comparison", "crowd", "single"):
                with self.subTest(dark=dark, report=name):
                    self.show(name, dark=dark)
                    contrast, where = self.browser.run(CONTRAST)
                    self.assertGreaterEqual(contrast, 4.5 if name != "crowd" else 3, where)

    def test_everything_that_acts_has_a_name(self):
        self.show("comparison")
        self.assertEqual(self.browser.run("""[...document.querySelectorAll('button, select, [tabindex], svg[role=img]')]
          .filter(e => !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).length"""), 0)

    def test_holds_its_data(self):
        self.show("hostile")
        held = json.loads(self.browser.run("document.getElementById('slipway-report').textContent"))
        self.assertEqual(held, json.loads(json.dumps(report_data.hostile())))

    def test_page_is_small(self):
        self.assertLess(len(page_of({}).encode()), 300_000)

    def test_screenshots(self):
        kept = "SLIPWAY_SCREENSHOTS" in os.environ
        for name in ("comparison", "open_loop", "single", "pair", "reproduce",
                     "crowd") if kept else ("comparison",):
            for theme, dark in (("light", False), ("dark", True)):
                for size, width in (("wide", WIDE), ("narrow", PHONE)):
                    self.show(name, width=width, dark=dark)
                    path = os.path.join(self.shots, f"{name}-{theme}-{size}.png")
                    self.browser.screenshot(path)
                    self.assertGreater(os.path.getsize(path), 20_000)


if __name__ == "__main__":
    unittest.main()
