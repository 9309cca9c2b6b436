// What requests cost: CPU time, memory, threads.

function costSection(model) {
  const measured = model.cells.filter(
      (cell) => !cell.guard &&
          (metricOf(cell, 'generator_cpu') || metricOf(cell, 'server_cpu') ||
           metricOf(cell, 'machine_cpu')));
  const parts = [measured.length ? cpuChart(model, measured) : null, serverTable(model)];
  if (!parts[0] && !parts[1]) return null;
  return section(
      'cost', 'What a request costs',
      'CPU time from the processes\' own clocks, divided by the requests that ended in the ' +
          'measured time. It depends ' +
          'far less on what else the machine does than throughput.',
      el('div', {class: 'grid'}, parts));
}

function cpuChart(model, measured) {
  const several = loadChoices({cells: measured});
  let shown = several;
  const tools = [];
  if (measured.length > 26 && several.length > 1) {
    const first = firstChoice(model, several);
    shown = [first];
    tools.push(chooser('Load', several.map((choice) => [choice, choice.name]), first, (now) => {
      shown = [now];
      box.redraw();
    }));
  }
  const hasServer = measured.some((cell) => metricOf(cell, 'server_cpu'));
  const targets =
      model.targets.filter((target) => measured.some((cell) => cell.target === target.index));
  const legend = [
    ...targetLegend(targets, 'bar'),
    ...(hasServer ? [{text: 'server', mark: swatch(targets[0].index, 'bar')}] : []),
    {text: 'generator', mark: swatch(targets[0].index, 'light')},
    {text: 'whole machine', mark: swatch(-1, 'outline')}
  ];
  const box = figure({
    name: 'cpu',
    title: 'CPU time a request',
    note: hasServer ? 'Median over trials. Lower is better.' :
                      'The server\'s own was not measured: name its process to see it.',
    tools,
    legend: targets.length > 1 ? legend : legend.filter((entry) => entry.key === undefined),
    draw: (width, hidden) => drawBars({
      width,
      label: 'CPU time a request',
      tick: tickUs,
      above: width < 420 || shown.some((choice) => textWidth(choice.name) > 110),
      groups: shown
                  .map((choice) => ({
                         label: choice.name,
                         rows: choice.cells.filter((cell) => !hidden.has(cell.target))
                                   .map((cell) => cpuRow(model, cell, width < 420))
                       }))
                  .filter((group) => group.rows.length)
    })
  });
  return box;
}

function cpuRow(model, cell, brief) {
  const [server, generator, machine] =
      ['server_cpu', 'generator_cpu', 'machine_cpu'].map((name) => metricOf(cell, name));
  return {
    target: cell.target,
    outline: machine?.value,
    parts: [{value: server?.value || 0}, {value: generator?.value || 0, className: 'light'}],
    text: cpuText(server, generator, machine, brief),
    tip: {
      title: `${cellName(model, cell)} · ${loadName(cell.load)}`,
      rows: [
        [cell.target, 'server', formatEstimate(server, formatUs)],
        [null, 'generator', formatEstimate(generator, formatUs)],
        [null, 'whole machine', formatEstimate(machine, formatUs)]
      ]
    }
  };
}

/**
 * It stands behind the longest of the row's bars, so it says whose its figures are. brief: what
 * server and generator took of the whole.
 */
function cpuText(server, generator, machine, brief) {
  const own = present([server, generator]);
  const whole = machine && formatUs(machine.value);
  if (brief) {
    const part = own.length && formatUs(sum(own.map((estimate) => estimate.value)));
    return [part, whole].filter(Boolean).join(' of ');
  }
  const name = own.length === 2 ? '' : server ? 'server ' : generator ? 'generator ' : '';
  const text = name + own.map(({value}) => formatUs(value)).join(' + ');
  return [text, whole && `machine ${whole}`].filter(Boolean).join(' · ');
}

/** A row for each load, two columns for each target. */
function serverTable(model) {
  const largestOf = (choice, target, name) =>
      largest(choice.cells.filter((cell) => cell.target === target.index)
                  .flatMap((cell) => cell.trials.map((trial) => trial.server?.[name])));
  const choices = loadChoices(model);
  const targets = model.targets.filter(
      (target) => choices.some((choice) => largestOf(choice, target, 'resident_bytes') > 0));
  if (!targets.length) return null;
  const columns = targets.flatMap(
      (target) => [['Memory', 'resident_bytes', formatBytes], ['Threads', 'threads', formatCount]]
                      .map(([word, name, format]) => ({
                             title: targets.length > 1 ? `${target.name}, ${word.toLowerCase()}` :
                                                         word,
                             value: (choice) => largestOf(choice, target, name),
                             text: (choice) => format(largestOf(choice, target, name))
                           })));
  return tableCard({
    name: 'server',
    title: 'Memory and threads of the server',
    note: 'The largest of all trials; memory is what is resident.',
    file: false,
    rows: choices,
    columns: [
      {
        title: 'Load',
        left: true,
        value: (choice) => levelOf(choice.cells[0].load),
        text: (choice) => choice.name
      },
      ...columns
    ]
  });
}
