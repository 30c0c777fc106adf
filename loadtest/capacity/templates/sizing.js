// The arithmetic of loadtest/capacity/sizing.py, for the live page. A test runs both on the same
// inputs: change them together.
function sized(given) {
  const nodesFor = (load, perNode) => Math.max(1, Math.ceil(load / perNode - 1e-9));
  const online = given.users * given.online_ratio;
  const devices = online * given.devices_per_user;
  const messages = online * given.messages_per_user_hour / 3600 * given.peak_factor;
  const deliveries = messages * given.deliveries_per_message;
  const usable = 1 - given.headroom;
  const byDevices = nodesFor(devices, given.devices_per_node * usable);
  const byDeliveries = nodesFor(deliveries, given.deliveries_per_node * usable);
  const nodes = Math.max(byDevices, byDeliveries) + Math.round(given.survive);
  const loads = {
    deliveries: deliveries / given.deliveries_per_node,
    devices: devices / given.devices_per_node,
  };
  const decidedBy = loads.devices > loads.deliveries ? "devices" : "deliveries";
  const cost = nodes * given.node_cost_per_h * 730;
  return {
    users: given.users,
    online_users: online,
    devices: devices,
    messages_per_s: messages,
    deliveries_per_s: deliveries,
    nodes_by_devices: byDevices,
    nodes_by_deliveries: byDeliveries,
    decided_by: decidedBy,
    nodes: nodes,
    cost_per_month: cost,
    cost_per_1000_users: cost / (given.users / 1000),
    load_ratio: loads[decidedBy] / nodes,
  };
}
