// Reads the form, checks it as loadtest/capacity/sizing.py does, and shows the size.
const form = document.getElementById("sizing");
const touched = {};

function shown(value, digits) {
  return value.toLocaleString("en-US", {maximumFractionDigits: digits, minimumFractionDigits: digits});
}

function money(amount) {
  return shown(amount, amount < 100 ? 2 : 0);
}

function read() {
  const values = {};
  for (const name of Object.keys(given)) {
    // A figure that nobody has changed keeps all its digits.
    const typed = touched[name] ? parseFloat(form.elements[name].value) : null;
    values[name] = typed === null ? given[name].value : given[name].is_ratio ? typed / 100 : typed;
  }
  return values;
}

function isRight(name, value) {
  if (!Number.isFinite(value)) return false;
  if (name === "users") return value >= 1;
  if (name === "online_ratio") return value > 0 && value <= 1;
  if (name === "headroom") return value >= 0 && value < 1;
  if (name === "survive") return value >= 0 && Number.isInteger(value);
  if (name === "messages_per_user_hour" || name === "node_cost_per_h") return value >= 0;
  return value > 0;
}

function update() {
  const values = read();
  let isValid = true;
  for (const [name, value] of Object.entries(values)) {
    const right = isRight(name, value);
    form.elements[name].setCustomValidity(right ? "" : "not possible");
    isValid = isValid && right;
  }
  const sentence = document.getElementById("sentence");
  if (!isValid) {
    sentence.textContent = "A figure above is not possible; it is marked.";
    return;
  }
  const size = sized(values);
  sentence.textContent = `${shown(size.users, 0)} users need ${shown(size.nodes, 0)} ` +
    `node${size.nodes === 1 ? "" : "s"}: ${shown(size.devices, 0)} devices and ` +
    `${shown(size.deliveries_per_s, 0)} deliveries/s at the peak, decided by ${size.decided_by}; ` +
    `${shown(size.cost_per_month, 0)} per month, ${money(size.cost_per_1000_users)} per 1,000 users.`;
  const factors = [0.1, 0.25, 0.5, 1, 2, 4, 10];
  document.querySelectorAll("#sizes tbody tr").forEach((row, place) => {
    const users = values.users * factors[place];
    const each = sized({...values, users: users});
    const texts = [users, each.devices, each.deliveries_per_s, each.nodes_by_devices,
      each.nodes_by_deliveries, each.nodes, each.cost_per_month].map((value) => shown(value, 0));
    texts.push(money(each.cost_per_1000_users));
    [...row.children].forEach((cell, index) => { cell.textContent = texts[index]; });
  });
}

form.addEventListener("input", (event) => {
  touched[event.target.name] = true;
  update();
});
