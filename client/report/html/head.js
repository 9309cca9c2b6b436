// The head of the page: what was compared, and what came out.

function section(id, title, lead, ...parts) {
  return el(
      'section', {id, 'aria-labelledby': id + '-title'}, el('h2', {id: id + '-title'}, title),
      lead ? el('p', {class: 'lead'}, lead) : null, parts);
}

function reportTitle({report, targets}) {
  if (report.command === 'reproduce') return 'Published figures, measured again';
  if (!targets.length) return 'Load report';
  if (targets.length <= 3) return targets.map((target) => target.name).join(' vs ');
  return `${targets[0].name} and ${targets.length - 1} others`;
}

function headOf(model, themeButton) {
  const {report} = model;
  const machine = report.machine || {};
  const facts = [
    formatTime(report.started || ''), machine.cpu_model,
    machine.cpus ? `${machine.cpus} ${machine.cpus === 1 ? 'core' : 'cores'}` : '',
    machine.memory_bytes ? formatBytes(machine.memory_bytes) + ' of memory' : '', machine.kernel,
    report.slo ? `limits: ${report.slo}` : '',
    report.seed !== undefined ? `seed ${report.seed}` : ''
  ].filter(Boolean);
  const command = list(report.command_line).map(shellQuoted).join(' ');
  return el(
      'header', null,
      el('div', {class: 'topline'},
         el('p', {class: 'eyebrow'}, el('b', null, report.program || 'slipway-load'),
            report.command ? ` · ${report.command}` : ''),
         el('div', {class: 'actions'}, themeButton,
            el('button', {type: 'button', on: {click: saveJson}}, 'Save JSON'))),
      el('h1', null, reportTitle(model)),
      el('ul', {class: 'facts'}, facts.map((fact) => el('li', null, fact))), noticesOf(report),
      verdictsOf(report), tilesOf(model),
      command ? el('div', {class: 'command'}, el('code', null, command),
                   copyButton('Copy', () => command)) :
                null);
}

function rawJson() {
  return document.getElementById('slipway-report').textContent;
}

function saveJson() {
  const report = JSON.parse(rawJson());
  const when = String(report.started || '').replaceAll(/[^\dTZ]/g, '');
  download(
      `slipway-load-${report.command || 'report'}${when ? '-' + when : ''}.json`,
      'application/json', rawJson());
}

const kNoticeNames = {
  invalid: 'Invalid',
  warning: 'Warning',
  note: 'Note'
};

function noticesOf(report) {
  const order = Object.keys(kNoticeNames);
  const notices = list(report.notices)
                      .filter((notice) => notice.text)
                      .sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
  if (!notices.length) return null;
  return el('ul', {class: 'notices', 'aria-label': 'Validity'}, notices.map((notice) => {
    const level = kNoticeNames[notice.level] ? notice.level : 'note';
    return el(
        'li', {class: level}, el('b', null, kNoticeNames[level]), el('span', null, notice.text));
  }));
}

function verdictsOf(report) {
  const verdicts = list(report.verdicts);
  if (!verdicts.length) return null;
  const lines = (some) => el('ul', {class: 'verdicts'}, some.map((text) => el('li', null, text)));
  if (verdicts.length <= 5) return lines(verdicts);
  return el(
      'div', null, lines(verdicts.slice(0, 4)),
      el('details', {class: 'more'}, el('summary', null, `${verdicts.length - 4} more`),
         lines(verdicts.slice(4))));
}

/** A single measurement needs no chart to be read. */
function tilesOf(model) {
  const cells = model.cells.filter((cell) => !cell.guard);
  if (cells.length !== 1 || list(model.report.tables).length) return null;
  const cell = cells[0];
  const total = sum(cell.trials.map((trial) => trial.total));
  const failed = sum(cell.trials.map((trial) => trial.failed));
  const tile = (title, estimate, format) =>
      estimate ? [title, format(estimate.value), formatInterval(estimate, format)] : null;
  const tiles = present([
    ['Load', loadName(cell.load), `${formatCount(cell.load.connections)} connections`],
    tile('Throughput', metricOf(cell, 'throughput'), formatRate),
    ...kPercentiles.map((name) => tile(name, metricOf(cell, name), formatMs)),
    ['Requests', formatCount(total), failed ? `${formatCount(failed)} failed` : 'none failed'],
    tile('Server CPU a request', metricOf(cell, 'server_cpu'), formatUs)
  ]);
  return el(
      'dl', {class: 'tiles'},
      tiles.map(
          ([title, value, more]) =>
              el('div', null, el('dt', null, title),
                 el('dd', null, value, more ? el('small', null, more) : null))));
}

/** `http/1.1 + grpc` as people write it. */
function protocolName(protocol) {
  const names = {grpc: 'gRPC', 'http/1.1': 'HTTP/1.1', 'http/2': 'HTTP/2'};
  return protocol && String(protocol).split(' + ').map((name) => names[name] || name).join(' + ');
}

/**
 * Steps are named SCENARIO/STEP. A user goes through one scenario, so each has a line of its own.
 */
function stepLines(steps) {
  const scenarios = new Map();
  for (const step of list(steps).map(String)) {
    const [, scenario, name] = step.match(/^([^/]*)\/(.*)$/s) || [null, '', step];
    if (!scenarios.has(scenario)) scenarios.set(scenario, []);
    scenarios.get(scenario).push(name);
  }
  return [...scenarios].map(
      ([scenario, names]) =>
          el('div', null, scenario ? el('b', null, scenario + ': ') : null, names.join(' → ')));
}

function targetSection(model) {
  if (!model.targets.length) return null;
  return section(
      'targets', model.targets.length > 1 ? 'Targets' : 'Target', null,
      el('div', {class: 'grid targets'}, model.targets.map((target) => {
        const rows = [
          [
            'Protocol',
            present([protocolName(target.protocol), target.tls ? 'TLS' : null]).join(' over ')
          ],
          [
            target.method ? 'Request' : 'Call',
            present([target.method, target.url]).filter(Boolean).join(' ')
          ],
          ['Address', target.address], ['Engine', target.engine],
          ['Body', target.request_bytes > 0 ? formatBytes(target.request_bytes) : ''],
          ['Steps', stepLines(target.steps)], ['Started by', target.command]
        ].filter(([, value]) => value?.length);
        return el(
            'div', {class: 'card target ' + colourOf(target.index)},
            el('h3', null, swatch(target.index, 'dot'), target.name),
            el('dl', null,
               rows.map(
                   ([name, value]) =>
                       [el('dt', null, name),
                        el('dd', {
                          class: name === 'Started by' || name === 'Request' || name === 'Call' ?
                              'mono' :
                              null
                        },
                           value)])));
      })));
}
