// Tables: sorted by a click, copied as CSV or Markdown.

/**
 * options: {name, title, note, columns: [{title, value(row), text(row), left, cell(row) (an
 * element), className(row), minor (not printed)}], rows, file: false without the copy buttons, low:
 * in a lower box}.
 */
function tableCard({name, title, note, columns, rows, file = true, low = false}) {
  const head = el('tr');
  const body = el('tbody');
  let shown = rows;
  const cellText = (column, row) =>
      column.text ? column.text(row) : String(column.value(row) ?? '');
  const fill = () => body.replaceChildren(...shown.map(
      (row) => el(
          'tr', null,
          columns.map(
              (column) => el(
                  'td', {class: classesOf(column, column.className ? column.className(row) : '')},
                  column.cell ? column.cell(row) : cellText(column, row))))));
  columns.forEach((column, i) => {
    const arrow = el('span', {class: 'arrow', 'aria-hidden': true});
    const header =
        el('th', {scope: 'col', class: classesOf(column)},
           el('button', {
             type: 'button',
             on: {
               click: () => {
                 const down = header.getAttribute('aria-sort') === 'ascending';
                 [...head.children].forEach((other) => {
                   other.removeAttribute('aria-sort');
                   other.querySelector('.arrow').textContent = '';
                 });
                 header.setAttribute('aria-sort', down ? 'descending' : 'ascending');
                 arrow.textContent = down ? '↓' : '↑';
                 shown = [...rows].sort(
                     (a, b) => compareValues(column.value(a), column.value(b)) * (down ? -1 : 1));
                 fill();
               }
             }
           },
              column.title, arrow));
    head.append(header);
  });
  fill();
  const plain = () =>
      [columns.map((column) => column.title),
       ...shown.map(
           (row) => columns.map((column) => cellText(column, row).replaceAll('\u00a0', ' ')))];
  return el(
      'div', {class: 'card', 'data-table': name},
      el('div', {class: 'head'},
         el('div', null, el('h3', null, title), note ? el('p', null, note) : null),
         file ? el('div', {class: 'tools'}, copyButton('Copy as CSV', () => asCsv(plain())),
                   copyButton('Copy as Markdown', () => asMarkdown(plain(), columns))) :
                null),
      el('div',
         {class: low ? 'scroll low' : 'scroll', tabindex: 0, role: 'region', 'aria-label': title},
         el('table', null, el('thead', null, head), body)));
}

function classesOf(column, more = '') {
  return [column.left ? 'left' : '', column.minor ? 'minor' : '', more].join(' ').trim() || null;
}

/** What is missing comes last. */
function compareValues(a, b) {
  const [lacksA, lacksB] =
      [a, b].map((value) => value === undefined || value === null || Number.isNaN(value));
  if (lacksA || lacksB) return lacksA - lacksB;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en', {numeric: true});
}

function asCsv(rows) {
  const quoted = (text) => /[",\n\r]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  return rows.map((row) => row.map(quoted).join(',')).join('\r\n') + '\r\n';
}

function asMarkdown(rows, columns) {
  const line = (row) => '| ' +
      row.map((text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ') + ' |';
  const rule = '|' + columns.map((column) => column.left ? ' --- ' : ' ---: ').join('|') + '|';
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n') + '\n';
}
