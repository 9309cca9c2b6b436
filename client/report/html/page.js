// Puts the page together.

function start() {
  const theme = makeTheme();
  const body = el('div', {class: 'wrap'});
  document.body.append(body);
  let report;
  try {
    report = JSON.parse(rawJson());
  } catch (error) {
    body.append(
        el('header', null, el('h1', null, 'This report cannot be read'),
           el('p', null, error.message)));
    return;
  }
  const model = makeModel(report);
  document.title = `${reportTitle(model)} – ${report.program || 'slipway-load'}`;
  const tablesFirst = report.command === 'reproduce';
  const sections =
      [
        ['targets', 'Targets', targetSection],
        ['results', 'Results', (all) => tablesFirst ? resultSection(all) : null],
        ['load', 'Load', loadSection], ['cost', 'Cost', costSection],
        ['spectrum', 'Distribution', spectrumSection], ['time', 'Time', timeSection],
        ['ratios', 'Ratios', ratioSection],
        ['tables', 'Tables', (all) => tableSection(all, !tablesFirst)]
      ].map(([id, title, build]) => ({id, title, element: attempt(id, () => build(model))}))
          .filter((each) => each.element);
  body.append(
      attempt('head', () => headOf(model, theme)),
      el('nav', {'aria-label': 'Sections'},
         el('ul', null,
            sections.map((each) => el('li', null, el('a', {href: '#' + each.id}, each.title))))),
      el('main', null, sections.map((each) => each.element)), footOf(report));
}

function resultSection(model) {
  const tables = extraTables(model);
  return tables.length ? section('results', 'Results', null, ...tables) : null;
}

/** One part that fails must not take the others along. */
function attempt(name, build) {
  try {
    return build();
  } catch (error) {
    console.error(`section ${name}:`, error);
    return el(
        'section', {id: name},
        el('p', {class: 'empty'}, `This part could not be drawn: ${error.message}`));
  }
}

function footOf(report) {
  return el(
      'footer', null,
      el('p', null,
         `Made by ${report.program || 'slipway-load'}. This file holds all that was measured ` +
             'and loads nothing: keep it, print it, or give it to slipway-load again.'));
}

/** As the system has it until the reader chooses. */
function makeTheme() {
  const system = matchMedia('(prefers-color-scheme: dark)');
  let chosen = null;
  const button = el('button', {
    type: 'button',
    on: {
      click: () => {
        chosen = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
        apply();
      }
    }
  });
  const apply = () => {
    const theme = chosen || (system.matches ? 'dark' : 'light');
    document.documentElement.dataset.theme = theme;
    button.textContent = theme === 'dark' ? 'Light' : 'Dark';
    button.setAttribute('aria-label', theme === 'dark' ? 'Use light colours' : 'Use dark colours');
  };
  system.addEventListener('change', apply);
  apply();
  return button;
}
