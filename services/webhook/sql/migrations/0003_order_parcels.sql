-- The parcels of an order. Kept as long as the order.
CREATE TABLE IF NOT EXISTS order_parcels (
    order_id VARCHAR(64) NOT NULL,
    tracking_number VARCHAR(64) NOT NULL COMMENT 'empty: a parcel that has no number yet',
    state VARCHAR(24) NOT NULL COMMENT 'preparing, in_transit, out_for_delivery, failed, delivered',
    carrier VARCHAR(64) NULL,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (order_id, tracking_number)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
